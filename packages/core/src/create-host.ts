import { auditRefusal } from './call/audit-refusal.ts';
import { logAudit } from './ports/audit.ts';
import { CallPath } from './call/call-path.ts';
import { createCatalog, type CatalogEntry } from './catalog/catalog.ts';
import { createClients, type Clients } from './upstream/clients.ts';
import { systemClock } from './clock.ts';
import type { Connection, Connections } from './ports/connections.ts';
import type { Connector, Health } from './connector/connector.ts';
import { ToolError } from './errors.ts';
import type { CallRequest, CallResult, Host, HostOptions } from './host.ts';
import { createJobRunner } from './jobs/job-runner.ts';
import { silentLogger } from './logger.ts';
import { memoryCache } from './memory/cache.ts';
import { memoryConnections } from './memory/connections.ts';
import { memoryMetering } from './memory/metering.ts';
import { memoryState } from './memory/state.ts';
import { errorAnswer, maskError, redactError } from './call/error-answer.ts';
import { observers } from './ports/observer.ts';
import { localPrincipal, type Principal } from './principal.ts';
import type { RateLimit, RateLimitDecision } from './ports/rate-limit.ts';
import { redactingLogger } from './lib/redactor.ts';
import { mapMaybe, type MaybePromise } from './lib/maybe-promise.ts';
import { receiveWebhook } from './webhooks/receive-webhook.ts';
import { checkContext } from './jobs/work-context.ts';

const minSecretLength = 32;

/**
 * Joins connectors, guards and meters into a host that transports can serve.
 *
 * @throws {TypeError} listing everything that is wrong with the connectors or the options, before anything runs.
 */
export function createHost(options: HostOptions): Host {
  checkOptions(options);
  const {
    connectors,
    clock = systemClock,
    log = silentLogger,
    callTimeoutMs = 30_000,
    repeatWindowMs = 0,
    staleIfErrorMs = 0,
    maxAnswerBytes = 1024 * 1024,
    remapOrigins = {},
  } = options;
  const catalog = createCatalog(connectors);
  const byId = new Map(connectors.map((connector) => [connector.id, connector]));
  const observer = observers(options.observer ? [options.observer] : []);
  const connections = options.connections ?? localConnections(connectors);
  const state = options.state ?? memoryState();
  const secret = options.secret ?? randomSecret();

  const clients: Clients = createClients({
    connectors: byId,
    httpClient: options.httpClient,
    resilience: options.resilience,
    state,
    clock,
    log,
    observer,
    remapOrigins,
    wake: (connection, job, afterMs) => jobs.wake(connection, job, afterMs),
  });
  const metering = options.metering ?? memoryMetering({ clock });
  const cache = options.cache ?? memoryCache({ clock });
  const audit = options.audit ?? logAudit(log);
  const callPath = new CallPath({
    catalog,
    connections,
    clients,
    metering,
    cache,
    lock: options.lock,
    staleIfErrorMs,
    middleware: options.middleware ?? [],
    audit,
    clock,
    log,
    observer,
    callTimeoutMs,
    repeatWindowMs,
    maxAnswerBytes,
    secret,
  });
  const jobs = createJobRunner({ connectors, connections, clients, metering, cache, state, clock, log });

  const draining = new AbortController();
  let closing: Promise<void> | undefined;
  let accepting = true;

  /** Calls first, for somebody waits for them; then jobs, in what is left of the time; then the clients. */
  async function drain(graceMs: number): Promise<void> {
    accepting = false;
    const endsAt = clock.now() + graceMs;
    const over = new AbortController();
    const timer = clock.sleep(graceMs, over.signal).then(
      () => {
        const reason = new ToolError('UNAVAILABLE', 'The server is shutting down and could not finish this call. Try again shortly.');
        callPath.stop(reason);
        draining.abort(reason);
      },
      () => {},
    );
    await callPath.running.idle();
    over.abort();
    await timer;
    callPath.close();
    await jobs.drain(Math.max(0, endsAt - clock.now()));
    await clients.close();
  }

  const local = Promise.resolve(localPrincipal);
  const host: Host = {
    info: options.info ?? { name: 'busbar', version: '0.0.0' },
    clock,
    log,
    observer,
    get running() {
      return callPath.running.count;
    },
    authenticates: options.authenticate !== undefined,
    authenticate: options.authenticate ?? (() => local),
    limit,
    tools: (principal) => catalog.forPrincipal(principal),
    tool: (principal, name) => catalog.find(name, principal),
    call(request: CallRequest) {
      const entry = catalog.find(request.tool, request.principal);
      if (!entry) return Promise.reject(notFound(request));
      const { connectorRateLimit } = options;
      return connectorRateLimit && accepting ? withinLimit(connectorRateLimit, entry, request) : begin(entry, request);
    },
    async webhook(hook, headers, body) {
      const found = await connections.byHook(hook);
      const connector = found && byId.get(found.connector);
      if (!found || !connector?.webhook) throw new ToolError('NOT_FOUND', 'There is no webhook at this address.');
      await clients.use(found, (open) =>
        receiveWebhook({ connector, config: open.config, state: state.open(found.id), headers, body, clock }),
      );
      // The events say that the vendor's records have changed. They are stored, so a cache that is away is no reason to have them sent again.
      await cache.clear(found.id).catch((err: unknown) => log.warn({ connection: found.id, err }, 'the cache failed'));
    },
    check: (id) => check(id),
    start: () => jobs.start(),
    close: (graceMs = 10_000) => (closing ??= drain(graceMs)),
  };

  function limit({ tenant, id }: Principal): MaybePromise<RateLimitDecision | undefined> {
    const { rateLimit, tenantRateLimit } = options;
    return mapMaybe(rateLimit?.take(JSON.stringify([tenant, id])), (own) => {
      // What the key may not ask is not counted against the others of its tenant.
      if (!tenantRateLimit || (own && !own.allowed)) return own;
      return mapMaybe(tenantRateLimit.take(JSON.stringify([tenant])), (shared) =>
        own && shared.allowed && own.remaining <= shared.remaining ? own : shared,
      );
    });
  }

  function notFound(request: CallRequest): ToolError {
    if (catalog.has(request.tool)) auditRefusal(audit, log, request, 'TOOL_NOT_FOUND');
    return new ToolError(
      'TOOL_NOT_FOUND',
      `There is no tool named "${request.tool.slice(0, 64)}" for this caller. List the tools to see which there are.`,
    );
  }

  function begin(entry: CatalogEntry, request: CallRequest): Promise<CallResult> {
    if (accepting) return callPath.run(entry, request);
    observer.refused?.({ reason: 'draining' });
    return Promise.resolve(refused(new ToolError('UNAVAILABLE', 'The server is shutting down. Nothing was done. Try again shortly.')));
  }

  // A limit that throws at once is heard of as a rejection too.
  function withinLimit(limit: RateLimit, entry: CatalogEntry, request: CallRequest): Promise<CallResult> {
    // The drain may have begun meanwhile, and waits for calls that have begun alone: `begin` looks again.
    const decided = (decision: RateLimitDecision) =>
      decision.allowed ? begin(entry, request) : Promise.resolve(overLimit(decision, entry));
    try {
      const taken = limit.take(JSON.stringify([request.principal.tenant, entry.connector]));
      return taken instanceof Promise ? taken.then(decided) : decided(taken);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  function overLimit({ rule, resetMs }: RateLimitDecision, { connector }: CatalogEntry): CallResult {
    observer.refused?.({ reason: 'rate-limit' });
    return refused(
      new ToolError(
        'RATE_LIMITED',
        `This tenant has made the ${rule.limit} calls to ${connector} that it may make in ${rule.windowMs / 1000} s. Nothing was done. Try again in ${Math.ceil(resetMs / 1000)} s.`,
        { retryAfterMs: resetMs },
      ),
    );
  }

  async function check(id: string): Promise<Health> {
    const found: Connection | undefined = await connections.get(id);
    if (!found) throw new ToolError('CONNECTION_NOT_FOUND', 'There is no such connection.');
    return await clients.use(found, async (open) => {
      if (!open.connector.check) throw new ToolError('INVALID_INPUT', `${open.connector.id} offers no check of its connections.`);
      const context = checkContext({
        open,
        clock,
        log: redactingLogger(log, open.redactor, { connector: found.connector, connection: found.id, work: 'check' }),
        timeoutMs: callTimeoutMs,
        signal: draining.signal,
      });
      try {
        return await open.connector.check(open.client, context);
      } catch (error) {
        throw redactError(maskError(error, `check-${found.id}`, context.log), open.redactor);
      } finally {
        context.end();
      }
    });
  }

  return host;
}

/** The answer to a call that never began. */
function refused(why: ToolError): CallResult {
  return { kind: 'answer', answer: errorAnswer(why, crypto.randomUUID()) };
}

function checkOptions({ connectors, httpClient, resilience, secret, remapOrigins = {} }: HostOptions): void {
  const problems: string[] = [];
  const outward = connectors.filter((connector) => connector.origins).map(({ id }) => id);
  if (outward.length > 0 && !(httpClient && resilience)) {
    problems.push(
      `${outward.join(', ')} must reach a vendor: give createHost a httpClient (gotHttpClient of @busbar/core/adapters/got) and a resilience (cockatielResilience of @busbar/core/adapters/cockatiel)`,
    );
  }
  if (secret !== undefined && secret.length < minSecretLength) problems.push(`secret must have at least ${minSecretLength} characters`);
  for (const [from, to] of Object.entries(remapOrigins))
    if (!URL.canParse(from) || new URL(from).origin !== from || !URL.canParse(to))
      problems.push(`remapOrigins: "${from}" → "${to}" is not an origin and a URL`);
  if (problems.length > 0) throw new TypeError(`createHost cannot start:\n- ${problems.join('\n- ')}`);
}

/** Without stored connections, every connector that can do without settings gets one. */
function localConnections(connectors: readonly Connector[]): Connections {
  return memoryConnections(
    connectors.filter(({ config }) => config.safeParse({}).success).map(({ id }) => ({ connector: id, config: {} })),
  );
}

function randomSecret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
