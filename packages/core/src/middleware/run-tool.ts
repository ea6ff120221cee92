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
  let running: Promise<unknown> | undefined;
  const grace = new AbortController();
  const stopped = Promise.withResolvers<never>();
  const onAbort = (): void => {
    clock.sleep(graceMs, grace.signal).then(
      () => stopped.reject(signal.reason),
      () => {},
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    running = entry.tool.run(input, open.client, createCallContext(active, secret));
    return await Promise.race([running, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) grace.abort(signal.reason);
    running?.catch(() => {});
  }
}
