import type { Catalog, CatalogEntry } from '../catalog/catalog.ts';
import { redactedValues } from '../catalog/without-secrets.ts';
import type { Clock } from '../clock.ts';
import type { Effect } from '../connector/tool.ts';
import type { Answer } from '../content.ts';
import type { ToolError } from '../errors.ts';
import type { CallRequest, CallResult } from '../host.ts';
import { PendingCounter } from '../lib/pending-counter.ts';
import { redactingLogger } from '../lib/redactor.ts';
import { silentLogger, type Logger } from '../logger.ts';
import type { Middleware } from '../middleware.ts';
import type { Audit } from '../ports/audit.ts';
import type { Cache } from '../ports/cache.ts';
import { connectionsFailure, type Connection, type Connections } from '../ports/connections.ts';
import type { Lock } from '../ports/lock.ts';
import type { Metering } from '../ports/metering.ts';
import type { Observer } from '../ports/observer.ts';
import type { Principal } from '../principal.ts';
import type { Clients, ClientLease, OpenConnection } from '../upstream/clients.ts';
import { createUpstreamScope } from '../upstream/upstream-scope.ts';
import { AskSignal, type ActiveCall } from './active-call.ts';
import { auditRefusal } from './audit-refusal.ts';
import { callIds } from './call-id.ts';
import { CallLimit } from './call-limit.ts';
import { compose } from './compose.ts';
import { DeadlineEntry, Deadlines } from './deadlines.ts';
import type { DefaultConnections } from './default-connections.ts';
import { errorAnswer, maskError } from './error-answer.ts';
import { Meter } from './meter.ts';
import { newCall } from './new-call.ts';
import { pickConnection } from './pick-connection.ts';
import { recordCall, type CallLogIds } from './record-call.ts';
import { runTool } from './run-tool.ts';
import { CachedReads } from './serve-cached.ts';
import { showOutput } from './show-output.ts';

/** Options for {@link CallPath}. */
export interface CallPathOptions {
  readonly catalog: Catalog;
  readonly connections: Connections;
  readonly defaultConnections: DefaultConnections;
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

/**
 * Runs each call in this order: validate → connection → the operator's middleware → admit → cache → run → show → settle. Turns any error
 * along the way into an answer.
 */
export class CallPath {
  /** Counts the running calls. */
  readonly running = new PendingCounter();
  readonly #options: CallPathOptions;
  readonly #meter: Meter;
  readonly #newCallId = callIds();
  readonly #deadlines: Deadlines<CallLimit>;
  readonly #isRecorded: boolean;
  #stopped: ToolError | undefined;

  constructor(options: CallPathOptions) {
    const { clock, secret, maxAnswerBytes } = options;
    const reads = new CachedReads(options, (active) =>
      runTool(active, secret, clock).then((returned) => showOutput(active, returned, maxAnswerBytes)),
    );
    this.#options = options;
    this.#meter = new Meter(options.metering, clock, options.catalog, (active) => reads.run(active));
    this.#deadlines = new Deadlines<CallLimit>(clock);
    this.#isRecorded = options.log !== silentLogger || options.observer.call !== undefined;
  }

  /** Runs one call, from its arguments to its answer. */
  async run(entry: CatalogEntry, received: CallRequest): Promise<CallResult> {
    let request = received;
    const { catalog, connections, clients, middleware, clock, log, observer } = this.#options;
    const { principal, traceparent } = request;
    const startedAt = clock.now();
    const callId = this.#newCallId(startedAt);
    const ids = callLogIds(callId, traceparent, principal, entry.name);
    const limit = new CallLimit(startedAt, this.#options.callTimeoutMs, request);
    this.#deadlines.add(limit);
    this.running.begin();
    if (this.#stopped) limit.stop(this.#stopped);
    let lease: ClientLease | undefined;
    let active: ActiveCall | undefined;
    let answer: Answer | undefined;
    try {
      const { input, connection: name, nulls, values } = catalog.validateInput(entry, request.arguments);
      // Secrets in the JSON text of an object would not be found in the text.
      if (values) request = { ...request, arguments: { ...Object(request.arguments), ...values } };
      let list: readonly Connection[];
      try {
        list = await connections.list(principal, entry.connector);
      } catch (error) {
        throw connectionsFailure(error, log);
      }
      if (list.length === 0) list = this.#options.defaultConnections.list(principal, entry.connector);
      const connection = pickConnection(list, principal, entry.connector, name, request.connection);
      lease = clients.take(connection);
      active = this.#activeCall({ callId, startedAt, ids, entry, request, limit, input, connection, open: lease.open });
      const nullsWarning = nulls && nulls.length > 0 ? ignoredNulls(nulls, entry.effect) : undefined;
      if (nullsWarning !== undefined && entry.effect !== 'read') active.warnings.push(nullsWarning);
      answer = await (middleware.length === 0 ? this.#meter.run(active) : this.#runThroughMiddleware(active));
      // Callers share the answer of a read, and not all of them sent null.
      if (nullsWarning !== undefined && entry.effect === 'read') answer = withWarning(answer, nullsWarning);
      return { kind: 'answer', answer };
    } catch (error) {
      if (error instanceof AskSignal) return { kind: 'ask', id: error.id, message: error.question, schema: error.schema };
      const failure = maskError(error, callId, active?.log ?? log);
      // This FORBIDDEN comes from the operator's middleware. A vendor's refusal is an answer of the metered part.
      if (failure.code === 'FORBIDDEN') auditRefusal(this.#options.audit, log, request, failure.code);
      answer = errorAnswer(failure, callId);
      return { kind: 'answer', answer };
    } finally {
      if (lease) clients.release(lease);
      this.#deadlines.delete(limit);
      limit.end();
      this.running.end();
      if (this.#isRecorded) {
        const durationMs = clock.elapsed() - DeadlineEntry.startOf(limit);
        recordCall({ entry, active, answer, ids, startedAt, durationMs, traceparent, log, observer });
      }
    }
  }

  /** Ends all running calls early, and later calls as soon as they begin. */
  stop(reason: ToolError): void {
    this.#stopped = reason;
    for (const limit of this.#deadlines.running) limit.stop(reason);
  }

  /** Ends a principal's call that has this request id. See `Host.cancel`. */
  cancel(principal: Principal, requestId: string | number): void {
    const [call, another] = this.#deadlines.running.filter((limit) => limit.answers(principal, requestId));
    if (call && !another) return call.cancel();
    const { tenant, id } = principal;
    const reason = call ? 'several running calls of this key have the id' : 'no running call of this key in this process has the id';
    this.#options.log.info({ tenant, principal: id, reason }, 'a cancellation ended no call');
  }

  /** Cancels the timer. Call it when no call is running and no further call can begin. */
  close(): void {
    this.#deadlines.close();
  }

  #activeCall({ callId, startedAt, ids, entry, request, limit, input, connection, open }: ValidCall): ActiveCall {
    const { log, repeatWindowMs } = this.#options;
    const redactor = open.redactor.with(redactedValues(request.arguments, entry.withoutSecrets(request.arguments)));
    return {
      request,
      entry,
      call: newCall({ callId, startedAt, request, entry, input, connection, redactor, repeatWindowMs }),
      input,
      open,
      redactor,
      upstream: createUpstreamScope(entry.effect !== 'read', request.principal.id, startedAt - DeadlineEntry.startOf(limit)),
      limit,
      log: redactingLogger(log, redactor, { ...ids, connector: entry.connector, connection: connection.id }),
      warnings: [],
      status: 'refused',
    };
  }

  #runThroughMiddleware(active: ActiveCall): Promise<Answer> {
    const { call, input, limit } = active;
    return compose(this.#options.middleware, { ...call, input, signal: limit.shareSignal() }, () => this.#meter.run(active));
  }
}

/** A call whose arguments are valid and whose connection is open. */
interface ValidCall {
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

/** The warning for null. A write may have been meant to clear a field, and a read to find records without a value. */
const ignoredNulls = (names: readonly string[], effect: Effect): string =>
  `null counts as “not given” for ${names.slice(0, 20).join(', ')}, so ${effect === 'read' ? 'it had no effect' : 'nothing was changed there'}.`;

const withWarning = ({ content, ...rest }: Answer, warning: string): Answer => ({
  ...rest,
  content: [...content, { type: 'text', text: `Warning: ${warning}` }],
});

/** The ids of a call's log lines. The trace id of a W3C `traceparent` connects them to the caller's log. */
function callLogIds(callId: string, traceparent: string | undefined, { tenant, id }: Principal, tool: string): CallLogIds {
  const traceId = traceparent === undefined ? undefined : /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
  return { callId, traceId, tenant, principal: id, tool };
}
