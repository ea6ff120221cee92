import type { Clock } from '../clock.ts';
import { createCallContext } from './call-context.ts';
import type { ActiveCall } from './active-call.ts';

/** A tool that is told to stop gets this long to say how far it came. */
const graceMs = 250;

/**
 * Runs the tool. One that does not listen to its signal is left behind after a moment: its caller is answered, and what it still does
 * upstream is cut off by the same signal.
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
    running.then(resolve, reject);
    // It may have been stopped while the tool ran its first steps.
    if (limit.aborted) startGrace();
    else limit.onStop(startGrace);
  });
}
