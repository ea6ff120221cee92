import { createHost, memoryBudget, memoryCache, memoryRateLimit, observers, type RateLimit, type RateLimitRule } from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotHttpClient } from '@busbar/core/adapters/got';
import {
  apiKeyPattern,
  createApiKeys,
  createDeadLetters,
  openDatabase,
  postgresAudit,
  postgresMetering,
  postgresState,
} from '@busbar/postgres';
import { openRedis, redisBudget, redisCache, redisLock, redisRateLimit } from '@busbar/redis';
import manifest from '../package.json' with { type: 'json' };
import { provideAdmin } from './admin/provide-admin.ts';
import { createHousekeeping } from './housekeeping.ts';
import { provideHttp } from './http/provide-http.ts';
import { createInjector, type Injector } from './injector.ts';
import { provideProcess } from './process/provide-process.ts';
import type { Config } from './settings/config.ts';
import { readOrCreateSecret } from './settings/generated-secret.ts';
import { tokens } from './tokens.ts';
import { provideUsage } from './usage/provide-usage.ts';
import { provideVendors } from './vendors/provide-vendors.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * The composition root. Defines how each value is made. A value is made when it is first requested. Tracing, the database, Redis and the
 * account source open asynchronously, so `startServer` opens them first and provides the results.
 *
 * @param worker The number of this worker, if the process is one of several.
 */
export function compose(config: Config, worker?: string): Injector {
  const injector = createInjector();
  injector.provide(tokens.config, () => config);
  injector.provide(tokens.worker, () => worker);
  injector.provide(tokens.version, () => manifest.version);
  provideProcess(injector);
  provideDatabase(injector);
  provideSharedState(injector);
  provideVendors(injector);
  provideHost(injector);
  provideUsage(injector);
  provideAdmin(injector);
  provideHttp(injector);
  return injector;
}

/** PostgreSQL and the data in it: API keys, the ledger, the audit, dead letters, and the state of connectors. */
function provideDatabase({ get, provide }: Injector): void {
  provide(tokens.secret, () => get(tokens.config).BUSBAR_SECRET ?? readOrCreateSecret(get(tokens.config).BUSBAR_DATA_DIR));
  provide(tokens.openDatabase, () => {
    const { DATABASE_URL: url, BUSBAR_DATA_DIR: folder } = get(tokens.config);
    return () => openDatabase({ ...(url === undefined ? { folder } : { url }), log: get(tokens.log), clock: get(tokens.clock) });
  });
  provide(tokens.apiKeys, () => createApiKeys(get(tokens.database), get(tokens.clock)));
  provide(tokens.state, () => postgresState(get(tokens.database), { secret: get(tokens.secret) }));
  provide(tokens.metering, () => {
    const config = get(tokens.config);
    return postgresMetering(get(tokens.database), {
      clock: get(tokens.clock),
      log: get(tokens.log),
      replica: get(tokens.replica),
      leaseMs: config.BUSBAR_LEASE_MS,
      ...config.usagePolicy,
      settle: config.BUSBAR_DURABLE_SETTLE ? 'durable' : 'queued',
      deadLetters: { secret: get(tokens.secret) },
      usageEvents: config.BUSBAR_USAGE_EVENTS_URL !== undefined,
    });
  });
  provide(tokens.audit, () => {
    const { BUSBAR_AUDIT_RETENTION_DAYS: retentionDays } = get(tokens.config);
    return postgresAudit(get(tokens.database), {
      clock: get(tokens.clock),
      log: get(tokens.log),
      replica: get(tokens.replica),
      ...(retentionDays !== undefined && { retentionMs: retentionDays * dayMs }),
    });
  });
  provide(tokens.deadLetters, () => createDeadLetters(get(tokens.database), { secret: get(tokens.secret), clock: get(tokens.clock) }));
  provide(tokens.housekeeping, () =>
    createHousekeeping({
      deadLetters: get(tokens.deadLetters),
      apiKeys: get(tokens.apiKeys),
      clock: get(tokens.clock),
      log: get(tokens.log),
    }),
  );
}

/** Rate limits, vendors' budgets, the cache and the lock: shared through Redis, or kept in memory without it and while it is down. */
function provideSharedState({ get, provide }: Injector): void {
  provide(tokens.openRedis, () => {
    const { REDIS_URL: url } = get(tokens.config);
    return async () => (url === undefined ? undefined : await openRedis(url, { log: get(tokens.log), clock: get(tokens.clock) }));
  });
  provide(tokens.limitPerKey, () => {
    const { BUSBAR_CALLS_PER_MINUTE: perMinute, BUSBAR_CALLS_PER_HOUR: perHour } = get(tokens.config);
    return rateLimit(get, 'key', [
      { limit: perMinute, windowMs: minuteMs },
      { limit: perHour, windowMs: 60 * minuteMs },
    ]);
  });
  provide(tokens.limitPerAddress, () => limitPerMinute(get, 'address', get(tokens.config).BUSBAR_ADDRESS_CALLS_PER_MINUTE));
  provide(tokens.budget, () => {
    const redis = get(tokens.redis);
    const fallback = memoryBudget({ clock: get(tokens.clock) });
    return redis ? redisBudget(redis, { fallback }) : fallback;
  });
  provide(tokens.cache, () => {
    const redis = get(tokens.redis);
    return redis ? redisCache(redis) : memoryCache({ clock: get(tokens.clock) });
  });
  provide(tokens.lock, () => {
    const redis = get(tokens.redis);
    return redis && redisLock(redis);
  });
}

/** The host, and the means by which it reaches vendors. */
function provideHost({ get, provide }: Injector): void {
  provide(tokens.httpClient, () => gotHttpClient());
  provide(tokens.resilience, () =>
    cockatielResilience({ clock: get(tokens.clock), observer: get(tokens.observer), budget: get(tokens.budget) }),
  );
  provide(tokens.host, () => {
    const config = get(tokens.config);
    const { BUSBAR_TENANT_CALLS_PER_MINUTE: perTenant, BUSBAR_CONNECTOR_CALLS_PER_MINUTE: perConnector } = config;
    return createHost({
      info: { name: 'busbar', version: get(tokens.version) },
      connectors: get(tokens.connectors),
      connections: get(tokens.connections),
      authenticate: get(tokens.authenticator).authenticate,
      rateLimit: get(tokens.limitPerKey),
      tenantRateLimit: limitPerMinute(get, 'tenant', perTenant),
      ...(perConnector !== undefined && { connectorRateLimit: limitPerMinute(get, 'connector', perConnector) }),
      metering: get(tokens.metering),
      audit: get(tokens.audit),
      state: get(tokens.state),
      cache: get(tokens.cache),
      lock: get(tokens.lock),
      repeatWindowMs: config.BUSBAR_REPEAT_WINDOW_MS,
      staleIfErrorMs: config.BUSBAR_STALE_IF_ERROR_MS,
      httpClient: get(tokens.httpClient),
      resilience: get(tokens.resilience),
      clock: get(tokens.clock),
      log: get(tokens.log),
      observer: observers([get(tokens.observer), get(tokens.tracing)?.observer ?? {}]),
      callTimeoutMs: config.BUSBAR_CALL_TIMEOUT_MS,
      remapOrigins: { ...get(tokens.accountSource).remapOrigins, ...config.BUSBAR_REMAP_ORIGINS },
      secret: get(tokens.secret),
      secretPattern: apiKeyPattern,
    });
  });
}

const limitPerMinute = (get: Injector['get'], name: string, limit: number): RateLimit =>
  rateLimit(get, name, [{ limit, windowMs: minuteMs }]);

/** A limit that replicas share through Redis. Each process counts for itself without Redis and while it is down. */
function rateLimit(get: Injector['get'], name: string, rules: readonly RateLimitRule[]): RateLimit {
  const redis = get(tokens.redis);
  const fallback = memoryRateLimit(rules, { clock: get(tokens.clock) });
  return redis ? redisRateLimit(redis, rules, { name, fallback }) : fallback;
}
