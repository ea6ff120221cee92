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
  const { entry, input, open, signal } = active;
  signal.throwIfAborted();
  const running = entry.tool.run(input, open.client, createCallContext(active, secret));
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      clock.sleep(graceMs, over.signal).then(
        () => reject(signal.reason as Error),
        () => {},
      );
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([running, stopped]);
  } finally {
    over.abort();
    running.catch(() => {});
  }
}
