import { vendorKey } from '../call/call-context.ts';
import type { Clock } from '../clock.ts';
import type { Context } from '../connector/context.ts';
import { ToolError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { OpenConnection } from '../upstream/clients.ts';
import { createUpstreamScope, upstreamScopeKey, type UpstreamScope } from '../upstream/upstream-scope.ts';

/**
 * The context of work outside calls, such as a job's run or a connection's check. Call `end` when the work has ended, to cancel the timer.
 */
export type WorkContext = Context & { end(): void };

/** Options for {@link workContext}. */
export interface WorkContextOptions {
  readonly open: OpenConnection;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timeoutMs: number;
  /** Ends the work early. */
  readonly signal: AbortSignal;
  readonly name: string;
  readonly mayWrite: boolean;
}

/** Creates a context with its own deadline, for work that no caller waits for. */
export function workContext({ open, clock, log, timeoutMs, signal, name, mayWrite }: WorkContextOptions): WorkContext {
  const { connection } = open;
  const run = crypto.randomUUID();
  const timeout = new AbortController();
  const cancelTimer = clock.timer(timeoutMs, () =>
    timeout.abort(new ToolError('DEADLINE_EXCEEDED', `The work took longer than ${timeoutMs / 1000} s.`)),
  );
  const context: WorkContext & { readonly [upstreamScopeKey]: UpstreamScope } = {
    [upstreamScopeKey]: createUpstreamScope(mayWrite, name, clock.now() - clock.elapsed()),
    connection: connection.id,
    signal: AbortSignal.any([signal, timeout.signal]),
    deadlineAt: clock.now() + timeoutMs,
    log,
    key: (part) => vendorKey([connection.tenant, connection.id, name, run], part),
    warn: (message) => log.warn({}, message),
    end: cancelTimer,
  };
  return context;
}
