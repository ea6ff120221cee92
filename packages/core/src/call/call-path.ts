import type { Audit } from '../ports/audit.ts';
import { auditRefusal } from './audit-refusal.ts';
import type { Cache } from '../ports/cache.ts';
import { callIds } from './call-id.ts';
import { CallLimit } from './call-limit.ts';
import type { Catalog, CatalogEntry } from '../catalog/catalog.ts';
import type { Clients, ClientLease, OpenConnection } from '../upstream/clients.ts';
import type { Clock } from '../clock.ts';
import type { Connection, Connections } from '../ports/connections.ts';
import type { Answer } from '../content.ts';
import { Deadlines } from './deadlines.ts';
import type { ToolError } from '../errors.ts';
import type { CallRequest, CallResult } from '../host.ts';
import { PendingCounter } from '../lib/pending-counter.ts';
import type { Lock } from '../ports/lock.ts';
import { silentLogger, type Logger } from '../logger.ts';
import type { Metering } from '../ports/metering.ts';
import { AskSignal, type ActiveCall } from './active-call.ts';
import { compose } from './compose.ts';
import type { Middleware } from '../middleware.ts';
import { errorAnswer, maskError } from './error-answer.ts';
import { meter } from './meter.ts';
import { pickConnection } from './pick-connection.ts';
import { runTool } from './run-tool.ts';
import { serveCached } from './serve-cached.ts';
import { showOutput, type ShownOutput } from './show-output.ts';
import { newCall } from './new-call.ts';
import type { Observer } from '../ports/observer.ts';
import type { Principal } from '../principal.ts';
import { redactingLogger } from '../lib/redactor.ts';
import { redactedValues } from '../catalog/without-secrets.ts';
import { recordCall, type CallLogIds } from './record-call.ts';
import { createUpstreamScope } from '../upstream/upstream-scope.ts';

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
  readonly running: PendingCounter;
  /** Runs one call, from its arguments to its answer. */
  run(entry: CatalogEntry, request: CallRequest): Promise<CallResult>;
  /** Ends all calls early, and those that come later at once. */
  stop(reason: ToolError): void;
  /** When no call runs any more, and none will. */
  close(): void;
}

/**
 * The path of a call, in its order: validate → connection → the operator's middleware → admit → cache → run → show → settle. Whatever
 * is thrown on it becomes an answer here.
 */
export function createCallPath(options: CallPathOptions): CallPath {
  const { catalog, connections, clients, middleware, clock, observer, secret } = options;
  const show = (active: ActiveCall): Promise<ShownOutput> =>
    runTool(active, secret, clock).then((returned) => showOutput(active, returned, options.maxAnswerBytes));
  const metered = meter(options.metering, clock, serveCached(options, show));

  const newCallId = callIds();
  const running = new PendingCounter();
  const deadlines = new Deadlines<CallLimit>(clock);
  const isRecorded = options.log !== silentLogger || observer.call !== undefined;
  let stopped: ToolError | undefined;

  async function run(entry: CatalogEntry, request: CallRequest): Promise<CallResult> {
    const { principal, traceparent } = request;
    const startedAt = clock.now();
    const callId = newCallId(startedAt);
    const ids = callLogIds(callId, traceparent, principal, entry.name);
    const limit = new CallLimit(startedAt, options.callTimeoutMs, request.signal);
    deadlines.add(limit);
    running.begin();
    if (stopped) limit.stop(stopped);
    let lease: ClientLease | undefined;
    let active: ActiveCall | undefined;
    let answer: Answer | undefined;
    try {
      const { input, connection: name } = catalog.validateInput(entry, request.arguments);
      const list = await connections.list(principal, entry.connector);
      const connection = pickConnection(list, principal, entry.connector, name, request.connection);
      lease = clients.take(connection);
      active = activeCall({ callId, startedAt, ids, entry, request, limit, input, connection, open: lease.open });
      answer = await (middleware.length === 0 ? metered(active) : throughMiddleware(active));
      return { kind: 'answer', answer };
    } catch (error) {
      if (error instanceof AskSignal) return { kind: 'ask', id: error.id, message: error.question, schema: error.schema };
      const failure = maskError(error, callId, active?.log ?? options.log);
      // A refusal of the operator's own: the vendor's are answers of the metered part, and not thrown.
      if (failure.code === 'FORBIDDEN') auditRefusal(options.audit, options.log, request, failure.code);
      answer = errorAnswer(failure, callId);
      return { kind: 'answer', answer };
    } finally {
      if (lease) clients.release(lease);
      deadlines.delete(limit);
      limit.end();
      running.end();
      if (isRecorded) recordCall({ entry, active, answer, ids, startedAt, endedAt: clock.now(), traceparent, log: options.log, observer });
    }
  }

  function activeCall({ callId, startedAt, ids, entry, request, limit, input, connection, open }: BegunCall): ActiveCall {
    const redactor = open.redactor.with(redactedValues(request.arguments, entry.withoutSecrets(request.arguments)));
    return {
      request,
      entry,
      call: newCall({ callId, startedAt, request, entry, input, connection, redactor, repeatWindowMs: options.repeatWindowMs }),
      input,
      open,
      redactor,
      upstream: createUpstreamScope(entry.effect !== 'read', request.principal.id),
      limit,
      log: redactingLogger(options.log, redactor, { ...ids, connector: entry.connector, connection: connection.id }),
      warnings: [],
      status: 'refused',
    };
  }

  function throughMiddleware(active: ActiveCall): Promise<Answer> {
    const { call, input, limit } = active;
    return compose(middleware, { ...call, input, signal: limit.lend() }, () => metered(active));
  }

  return {
    running,
    run,
    stop(reason) {
      stopped = reason;
      for (const limit of deadlines.running) limit.stop(reason);
    },
    close: () => deadlines.close(),
  };
}

/** A call whose arguments are known to be good and whose connection is open. */
interface BegunCall {
  readonly callId: string;
  readonly startedAt: number;
  readonly ids: CallLogIds;
  readonly entry: CatalogEntry;
  readonly request: CallRequest;
  readonly limit: CallLimit;
  readonly input: unknown;
  readonly connection: Connection;
  readonly open: OpenConnection;
}

/** The trace id of a W3C `traceparent` is what ties our log lines to the caller's. */
function callLogIds(callId: string, traceparent: string | undefined, { tenant, id }: Principal, tool: string): CallLogIds {
  const traceId = traceparent === undefined ? undefined : /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
  return { callId, traceId, tenant, principal: id, tool };
}
