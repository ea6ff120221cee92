import type { Context } from '../connector/context.ts';
import type { UpstreamAttempt } from '../ports/observer.ts';
import type { ResilienceEvent } from '../ports/resilience.ts';

/** The upstream requests that one call, or one run of a job, has made so far. Only core changes it, never a plugin. */
export interface UpstreamScope {
  /** Whether requests other than GET count as writes. False for read tools, whose POSTs are searches. */
  readonly mayWrite: boolean;
  /** The user of the work, as in `Attempt.user`. */
  readonly user: string;
  /** The clock's time minus its elapsed time when the work began, so that the times of attempts agree with the work's own. */
  readonly aheadMs: number;
  /** Writes that were sent and not answered: in flight or lost. */
  writesOpen: number;
  writesDone: number;
  /** Attempts that were sent. */
  requests: number;
  /** Milliseconds spent waiting between attempts and for budgets. */
  waitedMs: number;
  /** Every request passes this gate before it is sent. Absent: requests need no admission. */
  gate?: Gate;
  /** The first 100 attempts, for observers of the call. */
  attempts?: UpstreamAttempt[];
}

/** Decides whether a call may send requests. */
export interface Gate {
  /** Resolves when requests may be sent. Rejects if the call may send no requests. */
  pass(): Promise<void>;
}

const maxAttempts = 100;

/** The key of a context's scope. The scope survives a plugin's `{ ...context, signal }`. */
export const upstreamScopeKey = Symbol('busbar.upstreamScope');

export function createUpstreamScope(mayWrite: boolean, user: string, aheadMs: number): UpstreamScope {
  return { mayWrite, user, aheadMs, writesOpen: 0, writesDone: 0, requests: 0, waitedMs: 0 };
}

/** Whether the vendor's data may have changed. One lost write outweighs any number of answered writes. */
export function wroteOf({ writesOpen, writesDone }: UpstreamScope): 'no' | 'yes' | 'unknown' {
  if (writesOpen > 0) return 'unknown';
  return writesDone > 0 ? 'yes' : 'no';
}

export function upstreamScopeOf(context: Context): UpstreamScope {
  const scope = (context as { [upstreamScopeKey]?: UpstreamScope })[upstreamScopeKey];
  if (!scope) throw new TypeError('The last argument of http.request must be the context that the tool or job received.');
  return scope;
}

/** Keeps an attempt for the observers, which receive it when the call has ended. */
export function keepAttempt(scope: UpstreamScope, attempt: UpstreamAttempt): void {
  const kept = (scope.attempts ??= []);
  if (kept.length < maxAttempts) kept.push(attempt);
}

export function countWait(scope: UpstreamScope, event: ResilienceEvent): void {
  if (event.kind === 'wait') scope.waitedMs += event.ms;
}
