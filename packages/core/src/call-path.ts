import { auditRefusal, type Audit } from './audit.ts';
import type { Cache } from './cache.ts';
import { CallLimit } from './call-limit.ts';
import type { Catalog, CatalogEntry } from './catalog.ts';
import type { Clients, OpenConnection } from './clients.ts';
import type { Clock } from './clock.ts';
import type { Connections } from './connections.ts';
import type { Answer } from './content.ts';
import type { ToolError } from './errors.ts';
import type { CallRequest, CallResult } from './host.ts';
import { InFlight } from './in-flight.ts';
import type { Lock } from './lock.ts';
import type { Logger } from './logger.ts';
import type { Metering } from './metering.ts';
import { AskSignal, type ActiveCall } from './middleware/active-call.ts';
import { compose, type Middleware } from './middleware/compose.ts';
import { errorAnswer, maskError } from './middleware/error-answer.ts';
import { meter } from './middleware/meter.ts';
import { pickConnection } from './middleware/pick-connection.ts';
import { runTool } from './middleware/run-tool.ts';
import { serveCached } from './middleware/serve-cached.ts';
import { showOutput } from './middleware/show-output.ts';
import { newCall } from './new-call.ts';
import type { Observer } from './observer.ts';
import { redactingLogger } from './redactor.ts';
import { takenOut } from './schema/without-secrets.ts';
import { recordCall } from './middleware/record-call.ts';
import { createTally } from './upstream/tally.ts';

/** What the path of a call works with. */
export interface CallPathOptions {
  readonly catalog: Catalog;
  readonly connections: Connections;
  readonly clients: Clients;
  readonly metering: Metering;
  readonly cache: Cache;
  readonly lock: Lock | undefined;
  readonly staleIfErrorMs: number;
  readonly middleware: readonly Middleware[];
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: Observer;
  readonly callTimeoutMs: number;
  readonly repeatWindowMs: number;
  readonly maxAnswerBytes: number;
  readonly secret: string;
}

/** Runs calls. */
export interface CallPath {
  /** Counts those that run. */
  readonly running: InFlight;
  /** Runs one call, from its arguments to its answer. */
  run(entry: CatalogEntry, request: CallRequest): Promise<CallResult>;
  /** Ends all calls early, and those that come later at once. */
  stop(reason: ToolError): void;
}

/**
 * The path of a call, in its order: validate → connection → the operator's middleware → admit → cache → run → show → settle. Whatever
 * is thrown on it becomes an answer here.
 */
export function createCallPath(options: CallPathOptions): CallPath {
  const { catalog, connections, clients, metering, middleware, clock, observer, secret } = options;
  const cached = serveCached(options);

  const running = new InFlight();
  const limits = new Set<CallLimit>();
  let stopped: ToolError | undefined;

  const runCall = async (entry: CatalogEntry, request: CallRequest): Promise<CallResult> => {
    const callId = crypto.randomUUID();
    const startedAt = clock.now();
    const ids = {
      callId,
      ...traceId(request.traceparent),
      tenant: request.principal.tenant,
      principal: request.principal.id,
      tool: entry.name,
    };
    const limit = new CallLimit(clock, startedAt, options.callTimeoutMs, request.signal);
    limits.add(limit);
    running.begin();
    if (stopped) limit.stop(stopped);
    const begun: BegunCall = { callId, startedAt, ids, entry, request, limit, active: undefined };
    let answer: Answer | undefined;
    try {
      answer = await answerTo(begun);
      return { kind: 'answer', answer };
    } catch (error) {
      if (error instanceof AskSignal) return { kind: 'ask', id: error.id, message: error.question, schema: error.schema };
      const failure = maskError(error, callId, begun.active?.log ?? options.log);
      // A refusal of the operator's own: the vendor's are answers of the metered part, and not thrown.
      if (failure.code === 'FORBIDDEN') auditRefusal(options.audit, options.log, request, failure.code);
      answer = errorAnswer(failure, callId);
      return { kind: 'answer', answer };
    } finally {
      limits.delete(limit);
      limit.end();
      running.end();
      recordCall({ entry, active: begun.active, answer, ids, durationMs: clock.now() - startedAt, log: options.log, observer });
    }
  };

  async function answerTo(begun: BegunCall): Promise<Answer> {
    const { entry, request } = begun;
    const { input, connection: name } = catalog.validateInput(entry, request.arguments);
    const connection = await pickConnection(connections, request.principal, entry.connector, name, request.connection);
    return await clients.use(connection, (open) => answerFrom(open, begun, input));
  }

  function answerFrom(open: OpenConnection, begun: BegunCall, input: unknown): Promise<Answer> {
    const { callId, startedAt, ids, entry, request, limit } = begun;
    const { connection } = open;
    const redactor = open.redactor.with(takenOut(request.arguments, entry.withoutSecrets(request.arguments)));
    const call = newCall({ callId, startedAt, request, entry, input, connection, redactor, repeatWindowMs: options.repeatWindowMs });
    const active: ActiveCall = {
      request,
      entry,
      call,
      input,
      open,
      redactor,
      tally: createTally(entry.effect !== 'read', request.principal.id),
      limit,
      log: redactingLogger(options.log, redactor, { ...ids, connector: entry.connector, connection: connection.id }),
      warnings: [],
      status: 'refused',
    };
    begun.active = active;
    const show = async () => showOutput(active, await runTool(active, secret, clock), options.maxAnswerBytes);
    const metered = () => meter(metering, clock, active, () => cached(active, show));
    return middleware.length === 0 ? metered() : compose(middleware, { ...call, input, signal: limit.lend() }, metered);
  }

  return {
    running,
    run: runCall,
    stop(reason) {
      stopped = reason;
      for (const limit of limits) limit.stop(reason);
    },
  };
}

/** A call from its first moment. */
interface BegunCall {
  readonly callId: string;
  readonly startedAt: number;
  readonly ids: { readonly callId: string; readonly tenant: string };
  readonly entry: CatalogEntry;
  readonly request: CallRequest;
  readonly limit: CallLimit;
  /** Present once its arguments are known to be good and its connection is open. */
  active: ActiveCall | undefined;
}

/** The trace id of a W3C `traceparent`: what ties our log lines to the caller's. */
function traceId(traceparent: string | undefined): { traceId?: string } {
  const found = traceparent && /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
  return found ? { traceId: found } : {};
}
