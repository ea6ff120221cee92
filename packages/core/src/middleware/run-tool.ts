import type { Clock } from '../clock.ts';
import { createCallContext } from '../call-context.ts';
import type { ActiveCall } from './active-call.ts';

/** A tool that is told to stop gets this long to say how far it came. */
const graceMs = 250;

/**
 * Runs the tool. One that does not listen to its signal is left behind after a moment: its caller is answered, and what it still does
 * upstream is cut off by the same signal.
 */
export async function runTool(active: ActiveCall, secret: string, clock: Clock): Promise<unknown> {
  const { entry, input, open, limit } = active;
  if (limit.over) throw limit.reason;
  let cancelGrace: (() => void) | undefined;
  try {
    return await new Promise<unknown>((resolve, reject) => {
      limit.onStop(() => {
        cancelGrace = clock.timer(graceMs, () => reject(limit.reason));
      });
      Promise.resolve(entry.tool.run(input, open.client, createCallContext(active, secret))).then(resolve, reject);
    });
  } finally {
    limit.onStop(undefined);
    cancelGrace?.();
  }
}
