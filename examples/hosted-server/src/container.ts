import { randomUUID } from 'node:crypto';
import {
  createHost,
  memoryBudget,
  memoryCache,
  memoryConnections,
  memoryRateLimit,
  observers,
  systemClock,
  type RateLimit,
  type RateLimitRule,
} from '@busbar/core';
import { cockatielResilience } from '@busbar/core/adapters/cockatiel';
import { gotSender } from '@busbar/core/adapters/got';
import { pinoLogger } from '@busbar/core/adapters/pino';
import { promObserver } from '@busbar/core/adapters/prom-client';
import { httpTransport } from '@busbar/core/mcp/http';
import {
  createApiKeys,
  createDeadLetters,
  createUsage,
  openDatabase,
  postgresAudit,
  postgresMetering,
  postgresState,
} from '@busbar/postgres';
import { openRedis, redisBudget, redisCache, redisLock, redisRateLimit } from '@busbar/redis';
import { collectDefaultMetrics, Registry } from 'prom-client';
import manifest from '../package.json' with { type: 'json' };
import type { Account } from './settings/account.ts';
import { createAdminApi } from './admin/admin-api.ts';
import { createAuthenticate } from './http/authenticate.ts';
import { callCounts } from './usage/call-counts.ts';
import type { Config } from './settings/config.ts';
import { createConnectionChecks } from './vendors/connection-checks.ts';
import { createHealth } from './http/health.ts';
import { hookAddress } from './http/webhook-path.ts';
import { createHousekeeping } from './housekeeping.ts';
import { createHttpRoutes } from './http/router.ts';
import { createInjector, type Injector } from './injector.ts';
import { keptSecret } from './settings/generated-secret.ts';
import { logDestination } from './process/log-destination.ts';
import { createQuotaStandings } from './usage/quota-usage.ts';
import { outboxLength } from './usage/outbox-length.ts';
import { openServed } from './vendors/account-source.ts';
import { tokens } from './tokens.ts';
import { openTracing } from './process/tracing.ts';
import { openUsageOutbox } from './usage/usage-events.ts';
import { vendors } from './vendors/vendors.ts';
import { metricsOfWorkers } from './workers/worker-metrics.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

// Of the drain time, what sending the last traces gets.
const flushShare = 0.1;

/**
 * The composition root: the one file that knows every implementation. Everything is made when it is first asked for. Four things must be
 * waited for, so they are opened by hand before that and put into the container: tracing, the database, Redis and what is served.
 *
 * @param worker Which worker this process is, where it is one of several.
 */
export function compose(config: Config, worker?: string): Injector {
  const injector = createInjector();
  const { get, provide } = injector;
  const { version } = manifest;
  const { BUSBAR_AUDIT_RETENTION_DAYS: retentionDays } = config;
  provide(tokens.config, () => config);
  provide(tokens.clock, () => systemClock);
  provide(tokens.replica, () => randomUUID());

  // The log goes to standard error, so that standard output is free for what a person must read.
  provide(tokens.log, () => pinoLogger({ level: config.LOG_LEVEL, destination: logDestination(2) }));
  provide(tokens.registry, () => {
    const registry = new Registry();
    if (worker !== undefined) registry.setDefaultLabels({ worker });
    collectDefaultMetrics({ register: registry });
    return registry;
  });
  provide(tokens.observer, () =>
    promObserver(
      get(tokens.registry),
      get(tokens.connectors).map(({ id }) => id),
    ),
  );

  provide(
    tokens.openTracing,
    () => () =>
      openTracing(config, {
        version,
        replica: get(tokens.replica),
        withinMs: config.BUSBAR_DRAIN_MS * flushShare,
        clock: get(tokens.clock),
        log: get(tokens.log),
      }),
  );

  provide(tokens.secret, () => config.BUSBAR_SECRET ?? keptSecret(config.BUSBAR_DATA_DIR));
  provide(tokens.openDatabase, () => {
    const at = config.DATABASE_URL === undefined ? { folder: config.BUSBAR_DATA_DIR } : { url: config.DATABASE_URL };
    return () => openDatabase({ ...at, log: get(tokens.log) });
  });
  provide(tokens.apiKeys, () => createApiKeys(get(tokens.database), get(tokens.clock)));
  provide(tokens.authenticate, () => createAuthenticate(get(tokens.apiKeys), get(tokens.clock)));
  provide(tokens.openRedis, () => {
    const url = config.REDIS_URL;
    return async () => (url === undefined ? undefined : await openRedis(url, { log: get(tokens.log), clock: get(tokens.clock) }));
  });
  // What replicas share through Redis, a process alone keeps in memory; and so does each of them while Redis is away.
  const limit = (name: string, rules: readonly RateLimitRule[]): RateLimit => {
    const redis = get(tokens.redis);
    const fallback = memoryRateLimit(rules, { clock: get(tokens.clock) });
    return redis ? redisRateLimit(redis, rules, { name, fallback }) : fallback;
  };
  provide(tokens.limitPerKey, () =>
    limit('key', [
      { limit: config.BUSBAR_CALLS_PER_MINUTE, windowMs: minuteMs },
      { limit: config.BUSBAR_CALLS_PER_HOUR, windowMs: 60 * minuteMs },
    ]),
  );
  provide(tokens.limitPerAddress, () => limit('address', [{ limit: config.BUSBAR_ADDRESS_CALLS_PER_MINUTE, windowMs: minuteMs }]));
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

  provide(tokens.openServed, () => () => openServed(config));
  provide(tokens.records, () => {
    const { demo, accounts } = get(tokens.served);
    const secret = get(tokens.secret);
    // Sandboxes send no events to anybody.
    return accounts.map((account) => ({ ...account, hook: demo || !takesEvents(account) ? undefined : hookAddress(secret, account) }));
  });
  provide(tokens.connectors, () => {
    const served = new Set(get(tokens.served).accounts.map(({ connector }) => connector));
    return vendors.map(({ connector }) => connector).filter(({ id }) => served.has(id));
  });
  provide(tokens.connections, () => memoryConnections(get(tokens.records)));
  provide(tokens.sender, () => gotSender());
  provide(tokens.resilience, () =>
    cockatielResilience({ clock: get(tokens.clock), observer: get(tokens.observer), budget: get(tokens.budget) }),
  );
  provide(tokens.state, () => postgresState(get(tokens.database), { secret: get(tokens.secret) }));
  provide(tokens.metering, () =>
    postgresMetering(get(tokens.database), {
      clock: get(tokens.clock),
      log: get(tokens.log),
      replica: get(tokens.replica),
      leaseMs: config.BUSBAR_LEASE_MS,
      ...config.terms,
      settle: config.BUSBAR_DURABLE_SETTLE ? 'durable' : 'queued',
      deadLetters: { secret: get(tokens.secret) },
      usageEvents: config.BUSBAR_USAGE_EVENTS_URL !== undefined,
    }),
  );
  provide(tokens.usage, () => createUsage(get(tokens.database)));
  provide(tokens.deadLetters, () => createDeadLetters(get(tokens.database), { secret: get(tokens.secret), clock: get(tokens.clock) }));
  provide(tokens.housekeeping, () =>
    createHousekeeping({ deadLetters: get(tokens.deadLetters), clock: get(tokens.clock), log: get(tokens.log) }),
  );
  provide(tokens.audit, () =>
    postgresAudit(get(tokens.database), {
      clock: get(tokens.clock),
      log: get(tokens.log),
      replica: get(tokens.replica),
      ...(retentionDays !== undefined && { retentionMs: retentionDays * dayMs }),
    }),
  );
  provide(tokens.usageOutbox, () => openUsageOutbox(config, get(tokens.database), { clock: get(tokens.clock), log: get(tokens.log) }));

  provide(tokens.host, () =>
    createHost({
      info: { name: 'busbar', version },
      connectors: get(tokens.connectors),
      connections: get(tokens.connections),
      authenticate: get(tokens.authenticate),
      rateLimit: get(tokens.limitPerKey),
      ...(config.BUSBAR_TENANT_CALLS_PER_MINUTE !== undefined && {
        tenantRateLimit: limit('tenant', [{ limit: config.BUSBAR_TENANT_CALLS_PER_MINUTE, windowMs: minuteMs }]),
      }),
      ...(config.BUSBAR_CONNECTOR_CALLS_PER_MINUTE !== undefined && {
        connectorRateLimit: limit('connector', [{ limit: config.BUSBAR_CONNECTOR_CALLS_PER_MINUTE, windowMs: minuteMs }]),
      }),
      metering: get(tokens.metering),
      audit: get(tokens.audit),
      state: get(tokens.state),
      cache: get(tokens.cache),
      lock: get(tokens.lock),
      repeatWindowMs: config.BUSBAR_REPEAT_WINDOW_MS,
      staleIfErrorMs: config.BUSBAR_STALE_IF_ERROR_MS,
      sender: get(tokens.sender),
      resilience: get(tokens.resilience),
      clock: get(tokens.clock),
      log: get(tokens.log),
      observer: observers([get(tokens.observer), get(tokens.tracing)?.observer ?? {}]),
      callTimeoutMs: config.BUSBAR_CALL_TIMEOUT_MS,
      remapOrigins: { ...get(tokens.served).remapOrigins, ...config.BUSBAR_REMAP_ORIGINS },
      secret: get(tokens.secret),
    }),
  );
  provide(tokens.checks, () =>
    createConnectionChecks({
      host: get(tokens.host),
      connectors: get(tokens.connectors),
      connections: get(tokens.connections),
      clock: get(tokens.clock),
      log: get(tokens.log),
      everyMs: config.BUSBAR_CHECK_EVERY_MS,
      onRound: ({ connector, healthy, checked }) => get(tokens.observer).healthy(connector, healthy / checked),
    }),
  );
  provide(tokens.health, () =>
    createHealth({
      version,
      clock: get(tokens.clock),
      ping: () => get(tokens.database).ping(),
      redis: () => {
        const redis = get(tokens.redis);
        return !redis ? 'none' : redis.available ? 'ok' : 'away';
      },
      ledger: { database: get(tokens.database).kind, settles: config.BUSBAR_DURABLE_SETTLE ? 'durable' : 'queued' },
      outbox: async () => (get(tokens.usageOutbox) ? await outboxLength(get(tokens.database)) : undefined),
      connectors: () => get(tokens.checks).report(),
    }),
  );
  provide(tokens.admin, () =>
    createAdminApi({
      version,
      log: get(tokens.log),
      clock: get(tokens.clock),
      authenticate: get(tokens.authenticate),
      limitPerAddress: get(tokens.limitPerAddress),
      limitPerKey: async (principal) => await get(tokens.host).limit(principal),
      trustProxy: config.BUSBAR_TRUST_PROXY,
      apiKeys: get(tokens.apiKeys),
      audit: get(tokens.audit),
      database: get(tokens.database),
      callCounts: () => callCounts(get(tokens.registry), { replica: get(tokens.replica), running: get(tokens.host).running }),
      usage: get(tokens.usage),
      deadLetters: get(tokens.deadLetters),
      call: (request) => get(tokens.host).call(request),
      quotaStandings: createQuotaStandings({
        database: get(tokens.database),
        rules: config.terms.quotas ?? [],
        apiKeys: get(tokens.apiKeys),
        tools: (principal) => get(tokens.host).tools(principal),
        clock: get(tokens.clock),
      }),
    }),
  );
  provide(tokens.routes, () =>
    createHttpRoutes({
      health: get(tokens.health),
      authenticate: get(tokens.authenticate),
      limitPerAddress: get(tokens.limitPerAddress),
      log: get(tokens.log),
      openMetrics: config.BUSBAR_OPEN_METRICS,
      trustProxy: config.BUSBAR_TRUST_PROXY,
      admin: get(tokens.admin),
      metrics: worker === undefined ? () => get(tokens.registry).metrics() : metricsOfWorkers(get(tokens.registry)),
    }),
  );
  provide(tokens.transport, () =>
    httpTransport({
      hostname: config.HOST,
      port: config.PORT,
      reusePort: worker !== undefined,
      maxBodyBytes: config.BUSBAR_MAX_BODY_BYTES,
      maxRunning: config.BUSBAR_MAX_RUNNING,
      // Calls get less than that, see server.ts. The rest is for closing what lies behind.
      drainMs: config.BUSBAR_DRAIN_MS * 0.9,
      limitPerAddress: get(tokens.limitPerAddress),
      trustProxy: config.BUSBAR_TRUST_PROXY,
      fallback: get(tokens.routes),
      ...(config.BUSBAR_ALLOWED_HOSTS && { allowedHosts: config.BUSBAR_ALLOWED_HOSTS }),
      ...(config.BUSBAR_ALLOWED_ORIGINS && { allowedOrigins: config.BUSBAR_ALLOWED_ORIGINS }),
      secret: get(tokens.secret),
    }),
  );
  return injector;
}

const takesEvents = ({ connector, config }: Account): boolean =>
  vendors.some(
    ({ connector: { id }, webhookField }) => id === connector && webhookField !== undefined && config[webhookField] !== undefined,
  );
