import type { Clock } from '../clock.ts';
import type { ActiveCall } from './active-call.ts';
import { createCallContext } from './call-context.ts';

/** How long a tool may keep running after its signal aborts. */
const graceMs = 250;

/**
 * Runs the tool. A tool that ignores its signal is abandoned 250 ms after the signal aborts. The caller still gets an answer, and the same
 * signal ends the tool's upstream requests.
 */
export function runTool(active: ActiveCall, secret: string, clock: Clock): Promise<unknown> {
  const { entry, input, open, limit } = active;
  limit.throwIfAborted();
  const running = Promise.resolve(entry.tool.run(input, open.client, createCallContext(active, secret)));
  return new Promise((resolve, reject) => {
    const startGrace = () => {
      const cancelGrace = clock.timer(graceMs, () => reject(limit.reason));
      running.then(cancelGrace, cancelGrace);
    };
    // Node's functions reject with an error of their own when the signal aborts.
    const isAbort = (error: unknown) => limit.aborted && error instanceof Error && error.name === 'AbortError';
    running.then(resolve, (error: unknown) => reject(isAbort(error) ? limit.reason : error));
    // The call may have been stopped while the tool ran its first steps.
    if (limit.aborted) startGrace();
    else limit.onStop(startGrace);
  });
}
