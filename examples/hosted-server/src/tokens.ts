import type {
  Budget,
  Cache,
  Clock,
  ConnectionRecord,
  Connections,
  Connector,
  Host,
  Lock,
  RateLimit,
  Resilience,
  HttpClient,
  StateStore,
  Transport,
} from '@busbar/core';
import type { PromObserver } from '@busbar/core/adapters/prom-client';
import type { ApiKeys, Database, DeadLetters, PostgresAudit, PostgresMetering, Usage, UsageOutbox } from '@busbar/postgres';
import type { Redis } from '@busbar/redis';
import type { RequestListener } from 'node:http';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Config } from './settings/config.ts';
import type { ConnectionChecks } from './vendors/connection-checks.ts';
import type { Authenticator } from './http/authenticate.ts';
import type { Health } from './http/health.ts';
import type { ReadQuotaUsage } from './usage/quota-usage.ts';
import type { AccountSource } from './vendors/account-source.ts';
import type { WebHandler } from './http/web-listener.ts';
import type { PeriodicTask } from './process/periodic-task.ts';
import type { Tracing } from './process/tracing.ts';

declare const type: unique symbol;

/** A key in the container. Its type parameter is the type of the value. */
export type Token<T> = symbol & { readonly [type]?: T };

const token = <T>(name: string): Token<T> => Symbol(name);

/** The tokens of all values in the container. */
export const tokens = {
  config: token<Config>('config'),
  worker: token<string | undefined>('worker'),
  version: token<string>('version'),
  clock: token<Clock>('clock'),
  log: token<Logger>('log'),
  registry: token<Registry>('registry'),
  metricsText: token<() => Promise<string>>('metricsText'),
  observer: token<PromObserver>('observer'),
  openTracing: token<() => Promise<Tracing | undefined>>('openTracing'),
  tracing: token<Tracing | undefined>('tracing'),
  secret: token<string>('secret'),
  openDatabase: token<() => Promise<Database>>('openDatabase'),
  database: token<Database>('database'),
  openRedis: token<() => Promise<Redis | undefined>>('openRedis'),
  redis: token<Redis | undefined>('redis'),
  apiKeys: token<ApiKeys>('apiKeys'),
  replica: token<string>('replica'),
  audit: token<PostgresAudit>('audit'),
  usage: token<Usage>('usage'),
  deadLetters: token<DeadLetters>('deadLetters'),
  authenticator: token<Authenticator>('authenticator'),
  limitPerKey: token<RateLimit>('limitPerKey'),
  limitPerAddress: token<RateLimit>('limitPerAddress'),
  openAccountSource: token<() => Promise<AccountSource>>('openAccountSource'),
  accountSource: token<AccountSource>('accountSource'),
  connectionRecords: token<readonly ConnectionRecord[]>('connectionRecords'),
  connectors: token<readonly Connector[]>('connectors'),
  connections: token<Connections>('connections'),
  httpClient: token<HttpClient>('httpClient'),
  budget: token<Budget>('budget'),
  resilience: token<Resilience>('resilience'),
  state: token<StateStore>('state'),
  cache: token<Cache>('cache'),
  lock: token<Lock | undefined>('lock'),
  metering: token<PostgresMetering>('metering'),
  quotaUsage: token<ReadQuotaUsage>('quotaUsage'),
  usageOutbox: token<UsageOutbox | undefined>('usageOutbox'),
  host: token<Host>('host'),
  connectionChecks: token<ConnectionChecks>('connectionChecks'),
  housekeeping: token<PeriodicTask>('housekeeping'),
  health: token<Health>('health'),
  adminApi: token<WebHandler>('adminApi'),
  router: token<RequestListener>('router'),
  transport: token<Transport>('transport'),
};
