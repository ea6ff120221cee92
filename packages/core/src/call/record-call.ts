import type { CatalogEntry } from '../catalog/catalog.ts';
import type { Answer } from '../content.ts';
import type { ErrorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Observer, UpstreamAttempt } from '../ports/observer.ts';
import { wroteOf } from '../upstream/upstream-scope.ts';
import type { ActiveCall } from './active-call.ts';

const slowMs = 1_000;
const verySlowMs = 5_000;
const noAttempts: readonly UpstreamAttempt[] = [];

/** The ids on each log line of a call. */
export interface CallLogIds {
  readonly callId: string;
  readonly traceId: string | undefined;
  readonly tenant: string;
  readonly principal: string;
  readonly tool: string;
}

/**
 * How a call ended, for the log and the metrics. `active` is undefined if the call was refused before it had a connection. `answer` is
 * undefined if the call asked a question.
 */
export interface CallRecord {
  readonly entry: CatalogEntry;
  readonly active: ActiveCall | undefined;
  readonly answer: Answer | undefined;
  readonly ids: CallLogIds;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly traceparent: string | undefined;
  readonly log: Logger;
  readonly observer: Observer;
}

/** Writes the call's only log line and notifies the observer. The level is warn from 1 second on and error from 5 seconds on. */
export function recordCall({ entry, active, answer, ids, startedAt, durationMs, traceparent, log, observer }: CallRecord): void {
  const code = (answer?.meta?.['busbar/error'] as { code?: ErrorCode } | undefined)?.code;
  const status = active?.status ?? 'refused';
  const upstreamRequests = active?.upstream.requests ?? 0;
  observer.call?.({
    callId: ids.callId,
    tenant: ids.tenant,
    connector: entry.connector,
    tool: entry.name,
    effect: entry.effect,
    status,
    code,
    durationMs,
    upstreamRequests,
    keyed: active?.call.key !== undefined,
    startedAt,
    traceparent,
    attempts: active?.upstream.attempts ?? noAttempts,
  });
  const level = durationMs >= verySlowMs ? 'error' : durationMs >= slowMs ? 'warn' : 'info';
  log[level](
    {
      callId: ids.callId,
      traceId: ids.traceId,
      tenant: ids.tenant,
      principal: ids.principal,
      tool: ids.tool,
      connector: entry.connector,
      connection: active?.call.connection,
      status,
      code,
      durationMs: Math.round(durationMs),
      upstreamRequests: active?.upstream.requests,
      waitedMs: active && Math.round(active.upstream.waitedMs),
      wrote: active && wroteOf(active.upstream),
    },
    level === 'info' ? 'call' : 'slow call',
  );
}
