import { httpTransport } from '@busbar/core/mcp/http';
import type { Injector } from '../injector.ts';
import { tokens } from '../tokens.ts';
import { outboxLength } from '../usage/outbox-length.ts';
import { createAuthenticator } from './authenticate.ts';
import { createHealth } from './health.ts';
import { remembered } from './remembered.ts';
import { createRouter } from './router.ts';

// The metrics of a process take milliseconds to write.
const metricsEveryMs = 1_000;

/** Provides the MCP transport, and the router for all other paths. */
export function provideHttp({ get, provide }: Injector): void {
  provide(tokens.authenticator, () => createAuthenticator({ keys: get(tokens.apiKeys), clock: get(tokens.clock), log: get(tokens.log) }));
  provide(tokens.health, () =>
    createHealth({
      version: get(tokens.version),
      clock: get(tokens.clock),
      ping: () => get(tokens.database).ping(),
      canWrite: () => get(tokens.database).canWrite,
      redis: () => {
        const redis = get(tokens.redis);
        return !redis ? 'none' : redis.available ? 'ok' : 'away';
      },
      ledger: { database: get(tokens.database).kind, settles: get(tokens.config).BUSBAR_DURABLE_SETTLE ? 'durable' : 'queued' },
      outbox: async () => (get(tokens.usageOutbox) ? await outboxLength(get(tokens.database)) : undefined),
      connectors: () => get(tokens.connectionChecks).report(),
    }),
  );
  provide(tokens.router, () => {
    const { BUSBAR_OPEN_METRICS, BUSBAR_TRUST_PROXY, NODE_ENV } = get(tokens.config);
    return createRouter({
      health: get(tokens.health),
      authenticate: get(tokens.authenticator).authenticate,
      authenticateAdmin: get(tokens.authenticator).authenticateAfresh,
      limitPerAddress: get(tokens.limitPerAddress),
      log: get(tokens.log),
      metricsFor: BUSBAR_OPEN_METRICS ? 'anyone' : NODE_ENV === 'production' ? 'keys' : 'this machine',
      trustProxy: BUSBAR_TRUST_PROXY,
      adminApi: get(tokens.adminApi),
      metrics: remembered(get(tokens.clock), metricsEveryMs, get(tokens.metricsText)),
    });
  });
  provide(tokens.transport, () => {
    const config = get(tokens.config);
    return httpTransport({
      hostname: config.HOST,
      port: config.PORT,
      reusePort: get(tokens.worker) !== undefined,
      maxBodyBytes: config.BUSBAR_MAX_BODY_BYTES,
      maxRunning: config.BUSBAR_MAX_RUNNING,
      maxConnectionsPerAddress: config.BUSBAR_ADDRESS_CONNECTIONS,
      ...(config.BUSBAR_MAX_RUNNING_PER_TENANT && { maxRunningPerTenant: config.BUSBAR_MAX_RUNNING_PER_TENANT }),
      // Running calls get a smaller share (server.ts). The rest of the time is for closing the database and the connections behind the
      // transport.
      drainMs: config.BUSBAR_DRAIN_MS * 0.9,
      limitPerAddress: get(tokens.limitPerAddress),
      trustProxy: config.BUSBAR_TRUST_PROXY,
      fallback: get(tokens.router),
      ...(config.BUSBAR_ALLOWED_HOSTS && { allowedHosts: config.BUSBAR_ALLOWED_HOSTS }),
      ...(config.BUSBAR_ALLOWED_ORIGINS && { allowedOrigins: config.BUSBAR_ALLOWED_ORIGINS }),
      secret: get(tokens.secret),
    });
  });
}
