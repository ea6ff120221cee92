import type { Context } from '../connector/context.ts';
import type { UpstreamAttempt } from '../ports/observer.ts';
import type { ResilienceEvent } from '../ports/resilience.ts';

/** What one call, or one run of a job, has done upstream so far. Core keeps it, never a plugin. */
export interface UpstreamScope {
  /** Whether requests other than GET count as writes. False for read tools, whose POSTs are searches. */
  readonly mayWrite: boolean;
  /** Who the work is for, as in `Attempt.user`. */
  readonly user: string;
  /** Writes that were sent and not answered: in flight or lost. */
  writesOpen: number;
  writesDone: number;
  /** Attempts that were sent. */
  requests: number;
  /** Milliseconds spent waiting between attempts and for budgets. */
  waitedMs: number;
  /** Every request passes it before it is sent. Absent: nothing has to be passed. */
  gate?: Gate;
  /** For observers of the call: the first 100. */
  attempts?: UpstreamAttempt[];
}

/** Decides whether a call may send requests. */
export interface Gate {
  /** Resolves when a request may be sent. Rejects if none may. */
  pass(): Promise<void>;
}

const maxAttempts = 100;

/** The key of a context's scope. The scope survives a plugin's `{ ...context, signal }`. */
export const upstreamScopeKey = Symbol('busbar.upstreamScope');

export function createUpstreamScope(mayWrite: boolean, user: string): UpstreamScope {
  return { mayWrite, user, writesOpen: 0, writesDone: 0, requests: 0, waitedMs: 0 };
}

/** Whether data at the vendor may have changed. One lost write outweighs all answered ones. */
export function wroteOf({ writesOpen, writesDone }: UpstreamScope): 'no' | 'yes' | 'unknown' {
  if (writesOpen > 0) return 'unknown';
  return writesDone > 0 ? 'yes' : 'no';
}

export function upstreamScopeOf(context: Context): UpstreamScope {
  const scope = (context as { [upstreamScopeKey]?: UpstreamScope })[upstreamScopeKey];
  if (!scope) throw new TypeError('The last argument of http.request must be the context that the tool or job was given.');
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
