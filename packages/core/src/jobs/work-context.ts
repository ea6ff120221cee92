import type { Clock } from '../clock.ts';
import { vendorKey } from '../call/call-context.ts';
import type { OpenConnection } from '../upstream/clients.ts';
import type { Context } from '../connector/context.ts';
import { ToolError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { createUpstreamScope, upstreamScopeKey, type UpstreamScope } from '../upstream/upstream-scope.ts';

/** What work outside calls is given: a job's run, a connection's check. `end` when it is over; its timer goes with it. */
export type WorkContext = Context & { end(): void };

/** A context of its own, with its own time, for a piece of work that no caller waits for. */
export function checkContext(options: {
  open: OpenConnection;
  clock: Clock;
  log: Logger;
  timeoutMs: number;
  signal: AbortSignal;
}): WorkContext {
  return workContext({ ...options, name: 'check', mayWrite: false });
}

export function workContext(options: {
  open: OpenConnection;
  clock: Clock;
  log: Logger;
  timeoutMs: number;
  signal: AbortSignal;
  name: string;
  mayWrite: boolean;
}): WorkContext {
  const { open, clock, log, timeoutMs, signal, name } = options;
  const { connection } = open;
  const run = crypto.randomUUID();
  const over = new AbortController();
  const timeout = new AbortController();
  clock.sleep(timeoutMs, over.signal).then(
    () => timeout.abort(new ToolError('DEADLINE_EXCEEDED', `The work took longer than ${timeoutMs / 1000} s.`)),
    () => {},
  );
  const context: WorkContext & { readonly [upstreamScopeKey]: UpstreamScope } = {
    [upstreamScopeKey]: createUpstreamScope(options.mayWrite, name),
    connection: connection.id,
    signal: AbortSignal.any([signal, timeout.signal]),
    deadlineAt: clock.now() + timeoutMs,
    log,
    key: (part) => vendorKey([connection.tenant, connection.id, name, run], part),
    warn: (message) => log.warn({}, message),
    end: () => over.abort(),
  };
  return context;
}
