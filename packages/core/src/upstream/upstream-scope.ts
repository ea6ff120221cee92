import type { Context } from '../connector/context.ts';
import type { UpstreamAttempt } from '../ports/observer.ts';
import type { ResilienceEvent } from '../ports/resilience.ts';

/** What one call, or one run of a job, has done upstream so far. Kept by core, never by a plugin. */
export interface UpstreamScope {
  /** Whether a request other than GET counts as a write. False for read tools, whose POSTs are searches. */
  readonly mayWrite: boolean;
  /** Who it is for, as `Attempt` names it. */
  readonly user: string;
  /** Writes that went out and were not answered: in flight, or lost. */
  writesOpen: number;
  writesDone: number;
  /** Attempts that went out. */
  requests: number;
  /** Milliseconds spent waiting between attempts and for budgets. */
  waitedMs: number;
  /** What every request passes on its way out. Absent: the way is free. */
  gate?: Gate;
  /** For observers of the call. */
  attempts?: UpstreamAttempt[];
}

/** Stands between a call and its vendor. */
export interface Gate {
  /** Resolves when a request may go out; rejects where none may. */
  pass(): Promise<void>;
}

const maxAttempts = 100;

/** Where a context keeps its scope: it survives a plugin's `{ ...context, signal }`. */
export const upstreamScopeKey = Symbol('busbar.upstreamScope');

export function createUpstreamScope(mayWrite: boolean, user: string): UpstreamScope {
  return { mayWrite, user, writesOpen: 0, writesDone: 0, requests: 0, waitedMs: 0 };
}

/** Whether the vendor may have changed. One lost write outweighs all that were answered. */
export function wroteOf({ writesOpen, writesDone }: UpstreamScope): 'no' | 'yes' | 'unknown' {
  if (writesOpen > 0) return 'unknown';
  return writesDone > 0 ? 'yes' : 'no';
}

export function upstreamScopeOf(context: Context): UpstreamScope {
  const scope = (context as { [upstreamScopeKey]?: UpstreamScope })[upstreamScopeKey];
  if (!scope) throw new TypeError('The last argument of http.request must be the context that the tool or job was given.');
  return scope;
}

/** Keeps what observers are told of when the call has ended. */
export function keepAttempt(scope: UpstreamScope, attempt: UpstreamAttempt): void {
  const kept = (scope.attempts ??= []);
  if (kept.length < maxAttempts) kept.push(attempt);
}

export function countWait(scope: UpstreamScope, event: ResilienceEvent): void {
  if (event.kind === 'wait') scope.waitedMs += event.ms;
}
