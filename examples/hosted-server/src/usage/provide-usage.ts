import { createUsage } from '@busbar/postgres';
import type { Injector } from '../injector.ts';
import { tokens } from '../tokens.ts';
import { createQuotaUsage } from './quota-usage.ts';
import { openUsageOutbox } from './usage-events.ts';

/** Provides usage reports, the use of quotas, and the delivery of usage events. */
export function provideUsage({ get, provide }: Injector): void {
  provide(tokens.usage, () => createUsage(get(tokens.database)));
  provide(tokens.quotaUsage, () =>
    createQuotaUsage({
      database: get(tokens.database),
      rules: get(tokens.config).usagePolicy.quotas ?? [],
      apiKeys: get(tokens.apiKeys),
      tools: (principal) => get(tokens.host).tools(principal),
      clock: get(tokens.clock),
    }),
  );
  provide(tokens.usageOutbox, () =>
    openUsageOutbox(get(tokens.config), get(tokens.database), { clock: get(tokens.clock), log: get(tokens.log) }),
  );
}
