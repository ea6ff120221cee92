import { CallPath } from './call/call-path.ts';
import { DefaultConnections, needsNoSettings } from './call/default-connections.ts';
import { IncomingCalls } from './call/incoming-calls.ts';
import { createInstructions } from './call/instructions.ts';
import { createCatalog, type Catalog } from './catalog/catalog.ts';
import { misspelt } from './catalog/definition-shape.ts';
import { systemClock, type Clock } from './clock.ts';
import type { Connector } from './connector/connector.ts';
import type { StateStore } from './connector/state.ts';
import { ToolError } from './errors.ts';
import type { Hook, Host, HostOptions } from './host.ts';
import { checkConnection } from './jobs/check-connection.ts';
import { JobRunner } from './jobs/job-runner.ts';
import { isObject } from './lib/json-object.ts';
import { mapMaybe, type MaybePromise } from './lib/maybe-promise.ts';
import { silentLogger, type Logger } from './logger.ts';
import { memoryCache } from './memory/cache.ts';
import { memoryConnections } from './memory/connections.ts';
import { memoryMetering } from './memory/metering.ts';
import { memoryRateLimit } from './memory/rate-limit.ts';
import { memoryState } from './memory/state.ts';
import { logAudit } from './ports/audit.ts';
import type { Cache } from './ports/cache.ts';
import { connectionsFailure, type Connection, type Connections } from './ports/connections.ts';
import { observers, type Observer } from './ports/observer.ts';
import type { RateLimit, RateLimitDecision } from './ports/rate-limit.ts';
import { localPrincipal, type Principal } from './principal.ts';
import { createClients, type Clients } from './upstream/clients.ts';
import { challengeInQuery } from './webhooks/answer-challenge.ts';
import { receiveWebhook } from './webhooks/receive-webhook.ts';

const minSecretLength = 32;

/**
 * Creates a host from connectors, resilience and metering. Transports serve the host.
 *
 * @throws {TypeError} with a list of all problems in the connectors and the options, before anything runs.
 */
export function createHost(options: HostOptions): Host {
  checkOptions(options);
  const parts = assemble(options);
  const { clock, log, observer, catalog, connections, clients, callPath, calls, jobs, draining } = parts;
  const { callTimeoutMs: timeoutMs = defaultCallTimeoutMs } = options;
  const local = Promise.resolve(localPrincipal);
  const { info = { name: 'busbar', version: '0.0.0' } } = options;
  const instructions = createInstructions({ ...parts, info });
  let closing: Promise<void> | undefined;
  return {
    info,
    clock,
    log,
    observer,
    get running() {
      return callPath.running.count;
    },
    authenticates: options.authenticate !== undefined,
    authenticate: options.authenticate ?? (() => local),
    limit: (principal) => limitRequest(options, principal),
    tools: (principal) => catalog.forPrincipal(principal),
    instructions: (principal) => instructions(principal, catalog.forPrincipal(principal)),
    tool: (principal, name) => catalog.find(name, principal),
    call: (request) => calls.call(request),
    cancel: (principal, requestId) => callPath.cancel(principal, requestId),
    hook: (id) => findHook(parts, id),
    check: (id) => checkConnection({ connections, clients, clock, log, timeoutMs, signal: draining.signal }, id),
    start: () => jobs.start(),
    close: (graceMs = 10_000) => (closing ??= drain(parts, graceMs)),
  };
}

const defaultCallTimeoutMs = 30_000;

interface HostParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: Observer;
  readonly catalog: Catalog;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly connections: Connections;
  readonly clients: Clients;
  readonly state: StateStore;
  readonly cache: Cache;
  readonly callPath: CallPath;
  readonly calls: IncomingCalls;
  readonly jobs: JobRunner;
  /** Which refused deliveries are logged. A forger who knows a hook can cause any number. */
  readonly refusalLines: RateLimit;
  /** Aborts when the grace period of the drain ends. */
  readonly draining: AbortController;
}

function assemble(options: HostOptions): HostParts {
  const { clock = systemClock, log = silentLogger } = options;
  const catalog = createCatalog(options.connectors);
  const connectors = new Map(options.connectors.map((connector) => [connector.id, connector]));
  const observer = observers(options.observer ? [options.observer] : []);
  const defaultConnections = new DefaultConnections(options.connectors);
  const connections = withDefaults(options.connections ?? localConnections(options.connectors), defaultConnections);
  const state = options.state ?? memoryState();
  const clients: Clients = createClients({
    connectors,
    httpClient: options.httpClient,
    resilience: options.resilience,
    state,
    clock,
    log,
    observer,
    remapOrigins: options.remapOrigins ?? {},
    secretPattern: options.secretPattern,
    wake: (connection, job, afterMs) => jobs.wake(connection, job, afterMs),
  });
  const metering = options.metering ?? memoryMetering({ clock });
  const cache = options.cache ?? memoryCache({ clock });
  const audit = options.audit ?? logAudit(log);
  const callPath = new CallPath({
    catalog,
    connections,
    defaultConnections,
    clients,
    metering,
    cache,
    lock: options.lock,
    staleIfErrorMs: options.staleIfErrorMs ?? 0,
    middleware: options.middleware ?? [],
    audit,
    clock,
    log,
    observer,
    callTimeoutMs: options.callTimeoutMs ?? defaultCallTimeoutMs,
    repeatWindowMs: options.repeatWindowMs ?? 0,
    maxAnswerBytes: options.maxAnswerBytes ?? 1024 * 1024,
    secret: options.secret ?? randomSecret(),
  });
  const calls = new IncomingCalls({ catalog, callPath, audit, log, observer, connectorRateLimit: options.connectorRateLimit });
  const jobs = new JobRunner({ connectors: options.connectors, connections, clients, metering, cache, state, clock, log });
  const refusalLines = memoryRateLimit([{ limit: 1, windowMs: 60_000 }], { clock, maxKeys: 1_000 });
  const draining = new AbortController();
  return { clock, log, observer, catalog, connectors, connections, clients, state, cache, callPath, calls, jobs, refusalLines, draining };
}

/** Drains calls first, because callers wait for them. Jobs get the rest of the grace period. Then closes the clients. */
async function drain({ clock, calls, callPath, jobs, clients, draining }: HostParts, graceMs: number): Promise<void> {
  calls.close();
  const endsAt = clock.elapsed() + graceMs;
  const cancelTimer = clock.timer(graceMs, () => {
    const reason = new ToolError('UNAVAILABLE', 'The server is shutting down and could not finish this call. Try again shortly.');
    callPath.stop(reason);
    draining.abort(reason);
  });
  await callPath.running.idle();
  cancelTimer();
  callPath.close();
  await jobs.drain(Math.max(0, endsAt - clock.elapsed()));
  await clients.close();
}

function limitRequest({ rateLimit, tenantRateLimit }: HostOptions, { tenant, id }: Principal): MaybePromise<RateLimitDecision | undefined> {
  return mapMaybe(rateLimit?.take(JSON.stringify([tenant, id])), (own) => {
    // A request beyond the limit of its own key does not count against the other keys of the tenant.
    if (!tenantRateLimit || (own && !own.allowed)) return own;
    return mapMaybe(tenantRateLimit.take(JSON.stringify([tenant])), (shared) =>
      own && shared.allowed && own.remaining <= shared.remaining ? own : shared,
    );
  });
}

async function findHook(parts: HostParts, id: string): Promise<Hook | undefined> {
  const connection = await parts.connections.byHook(id).catch((error: unknown) => {
    throw connectionsFailure(error, parts.log);
  });
  const connector = connection && parts.connectors.get(connection.connector);
  if (!connection || !connector?.webhook) return undefined;
  const { webhook } = connector;
  const challenge = (query: URLSearchParams) =>
    parts.clients.use(connection, async ({ config }) => challengeInQuery(webhook.challenge?.(config), query));
  return {
    tenant: connection.tenant,
    connection: connection.id,
    receive: (headers, body) => logRefusal(parts, connection, receiveDelivery(parts, connection, connector, headers, body)),
    challenge: (query) => logRefusal(parts, connection, challenge(query)),
  };
}

/** The vendor is not told why, and only the log says why events are missing, for example that the vendor has a new key. */
async function logRefusal<T>({ refusalLines, log }: HostParts, { id, tenant }: Connection, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (ToolError.is(error) && (await refusalLines.take(`${error.code} ${id}`)).allowed) {
      const { code, message: reason, cause } = error;
      log.warn({ tenant, connection: id, code, reason, ...(cause !== undefined && { err: cause }) }, 'a delivery was refused');
    }
    throw error;
  }
}

async function receiveDelivery(
  { clients, state, cache, clock, log }: HostParts,
  connection: Connection,
  connector: Connector,
  headers: Headers,
  body: Uint8Array,
): Promise<string | undefined> {
  const receipt = await clients.use(connection, (open) =>
    receiveWebhook({ connector, config: open.config, state: state.open(connection.id), headers, body, clock }),
  );
  if (receipt.challenge !== undefined) return receipt.challenge;
  const { kept, leftOut, cause } = receipt;
  if (leftOut > 0)
    log.warn({ connector: connector.id, connection: connection.id, kept, leftOut, err: cause }, 'events of a webhook could not be read');
  // The events say that the vendor's records changed. They are stored already, so a cache that fails must not make the vendor send them
  // again.
  await cache.clear(connection.id).catch((err: unknown) => log.warn({ connection: connection.id, err }, 'the cache failed'));
  return undefined;
}

const optionNames: { readonly [name in keyof Required<HostOptions>]: true } = {
  connectors: true,
  info: true,
  connections: true,
  authenticate: true,
  rateLimit: true,
  tenantRateLimit: true,
  connectorRateLimit: true,
  metering: true,
  httpClient: true,
  resilience: true,
  state: true,
  cache: true,
  lock: true,
  staleIfErrorMs: true,
  audit: true,
  clock: true,
  log: true,
  observer: true,
  middleware: true,
  repeatWindowMs: true,
  callTimeoutMs: true,
  maxAnswerBytes: true,
  secret: true,
  secretPattern: true,
  remapOrigins: true,
};

function checkOptions(options: HostOptions): void {
  const problems = [...misspelt(options, optionNames)];
  if (!Array.isArray(options.connectors)) problems.push('connectors is missing. Write createHost({ connectors: [ … ] })');
  if (problems.length === 0) problems.push(...optionProblems(options));
  if (problems.length > 0) throw new TypeError(`createHost cannot start:\n- ${problems.join('\n- ')}`);
}

function* optionProblems({ connectors, httpClient, resilience, secret, remapOrigins = {} }: HostOptions): Iterable<string> {
  const outbound = connectors.filter((connector) => isObject(connector) && connector.origins).map(({ id }) => id);
  if (outbound.length > 0 && !(httpClient && resilience)) {
    yield `${outbound.join(', ')} must reach a vendor: give createHost an httpClient (gotHttpClient of @busbar/core/adapters/got) and a resilience (cockatielResilience of @busbar/core/adapters/cockatiel)`;
  }
  if (secret !== undefined && secret.length < minSecretLength) yield `secret must have at least ${minSecretLength} characters`;
  for (const [from, to] of Object.entries(remapOrigins))
    if (!URL.canParse(from) || new URL(from).origin !== from || !URL.canParse(to))
      yield `remapOrigins: "${from}" → "${to}" is not an origin and a URL`;
}

/** Creates the local principal's connections to connectors without settings. They are listed, so that their jobs run. */
function localConnections(connectors: readonly Connector[]): Connections {
  return memoryConnections(connectors.filter(needsNoSettings).map(({ id }) => ({ connector: id, config: {} })));
}

/** Finds default connections by their id too. */
function withDefaults(connections: Connections, defaults: DefaultConnections): Connections {
  return {
    list: (principal, connector) => connections.list(principal, connector),
    get: async (id) => (await connections.get(id)) ?? defaults.byId(id),
    byHook: (hook) => connections.byHook(hook),
    page: (connector, page) => connections.page(connector, page),
  };
}

function randomSecret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
