import type { Injector } from '../injector.ts';
import { tokens } from '../tokens.ts';
import { callCounts } from '../usage/call-counts.ts';
import { createAdminApi } from './admin-api.ts';
import { createReportPlaces } from './report-places.ts';

/** Provides the admin API. */
export function provideAdmin({ get, provide }: Injector): void {
  provide(tokens.adminApi, () =>
    createAdminApi({
      version: get(tokens.version),
      log: get(tokens.log),
      clock: get(tokens.clock),
      authenticate: get(tokens.authenticator).authenticateAfresh,
      limitPerKey: async (principal) => await get(tokens.host).limit(principal),
      limitRevocations: async ({ tenant, id }) => await get(tokens.limitPerKey).take(JSON.stringify([tenant, id])),
      trustProxy: get(tokens.config).BUSBAR_TRUST_PROXY,
      apiKeys: get(tokens.apiKeys),
      maxKeysOfTenant: get(tokens.config).BUSBAR_KEYS_PER_TENANT,
      forgetKey: (id) => get(tokens.authenticator).forget(id),
      audit: get(tokens.audit),
      database: get(tokens.database),
      reports: createReportPlaces(get(tokens.database).maxReports),
      callCounts: () => callCounts(get(tokens.registry), { replica: get(tokens.replica), running: get(tokens.host).running }),
      usage: get(tokens.usage),
      deadLetters: get(tokens.deadLetters),
      call: (request) => get(tokens.host).call(request),
      quotaUsage: get(tokens.quotaUsage),
    }),
  );
}
