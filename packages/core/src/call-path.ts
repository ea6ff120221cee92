import { auditRefusal, type Audit } from './audit.ts';
import type { Cache } from './cache.ts';
import type { Catalog, CatalogEntry } from './catalog.ts';
import type { Clients } from './clients.ts';
import type { Clock } from './clock.ts';
import type { Connections } from './connections.ts';
import type { Answer } from './content.ts';
import { ToolError } from './errors.ts';
import type { CallRequest, CallResult } from './host.ts';
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

/** Runs one call, from its arguments to its answer. `drain` ends it early. */
export type CallPath = (entry: CatalogEntry, request: CallRequest, drain: AbortSignal) => Promise<CallResult>;

/**
 * The path of a call, in its order: validate → connection → the operator's middleware → admit → cache → run → show → settle. Whatever
 * is thrown on it becomes an answer here.
 */
export function createCallPath(options: CallPathOptions): CallPath {
  const { catalog, connections, clients, metering, middleware, clock, observer, secret } = options;
  const cached = serveCached(options);

  return async (entry, request, drain) => {
    const callId = crypto.randomUUID();
    const startedAt = clock.now();
    const ids = {
      callId,
      ...traceId(request.traceparent),
      tenant: request.principal.tenant,
      principal: request.principal.id,
      tool: entry.name,
    };
    const limit = limitTime(clock, options.callTimeoutMs, request.signal, drain);
    let active: ActiveCall | undefined;

    const run = async (): Promise<Answer> => {
      const { input, connection: name } = catalog.validateInput(entry, request.arguments);
      const connection = await pickConnection(connections, request.principal, entry.connector, name, request.connection);
      return await clients.use(connection, async (open) => {
        const redactor = open.redactor.with(takenOut(request.arguments, entry.withoutSecrets(request.arguments)));
        const call = newCall({ callId, startedAt, request, entry, input, connection, redactor, repeatWindowMs: options.repeatWindowMs });
        const log = redactingLogger(options.log, redactor, { ...ids, connector: entry.connector, connection: connection.id });
        const current: ActiveCall = {
          request,
          entry,
          call,
          input,
          open,
          redactor,
          tally: createTally(entry.effect !== 'read', request.principal.id),
          signal: limit.signal,
          deadlineAt: startedAt + options.callTimeoutMs,
          log,
          warnings: [],
          status: 'refused',
        };
        active = current;
        const view = { ...call, input, signal: limit.signal };
        return await compose(middleware, view, () =>
          meter(metering, clock, current, () =>
            cached(current, async () => showOutput(current, await runTool(current, secret, clock), options.maxAnswerBytes)),
          ),
        );
      });
    };

    let answer: Answer | undefined;
    let failure: ToolError | undefined;
    try {
      answer = await run();
      return { kind: 'answer', answer };
    } catch (error) {
      if (error instanceof AskSignal) return { kind: 'ask', id: error.id, message: error.question, schema: error.schema };
      failure = maskError(error, callId, active?.log ?? options.log);
      // A refusal of the operator's own: the vendor's are answers of the metered part, and not thrown.
      if (failure.code === 'FORBIDDEN') auditRefusal(options.audit, options.log, request, failure.code);
      answer = errorAnswer(failure, callId);
      return { kind: 'answer', answer };
    } finally {
      limit.end();
      recordCall({ entry, active, answer, ids, durationMs: clock.now() - startedAt, log: options.log, observer });
    }
  };
}

// Made once: an error takes its stack, and an abort without a reason makes one, which would cost more than the rest of a short call.
const callEnded = new ToolError('CANCELLED', 'The call has ended.');

/** One signal for all that can end a call: the client, the deadline, the drain; and its end, for what a tool left running. */
function limitTime(
  clock: Clock,
  timeoutMs: number,
  client: AbortSignal,
  drain: AbortSignal,
): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const timer = new AbortController();
  const onClient = (): void => controller.abort(new ToolError('CANCELLED', 'The call was cancelled.'));
  const onDrain = (): void => controller.abort(drain.reason);
  if (client.aborted) onClient();
  else client.addEventListener('abort', onClient);
  if (drain.aborted) onDrain();
  else drain.addEventListener('abort', onDrain);
  clock.sleep(timeoutMs, timer.signal).then(
    () =>
      controller.abort(
        new ToolError(
          'DEADLINE_EXCEEDED',
          `The call took longer than the ${timeoutMs / 1000} s that it may take. Ask for less, or try again later.`,
        ),
      ),
    () => {},
  );
  const end = (): void => {
    client.removeEventListener('abort', onClient);
    drain.removeEventListener('abort', onDrain);
    timer.abort(callEnded);
    controller.abort(callEnded);
  };
  return { signal: controller.signal, end };
}

/** The trace id of a W3C `traceparent`: what ties our log lines to the caller's. */
function traceId(traceparent: string | undefined): { traceId?: string } {
  const found = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent ?? '')?.[1];
  return found === undefined ? {} : { traceId: found };
}
