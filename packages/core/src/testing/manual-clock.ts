import type { Clock } from '../clock.ts';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** How many sleeps wait for their time. */
  readonly sleeping: number;
  /**
   * Moves the time, ends the sleeps that fall due in their order, and lets the promises that hang on one settle before the next. What
   * waits for a socket or a thread is not waited for: poll for its outcome.
   */
  advance(ms: number): Promise<void>;
}

/** Makes a clock for a test. Starts at the first of January 2026, unless told otherwise. */
export function manualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs;
  const sleeps = new Set<{ readonly at: number; wake(): void }>();
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return void reject(signal.reason);
        const onAbort = () => {
          sleeps.delete(sleep);
          reject(signal.reason);
        };
        const sleep = {
          at: now + Math.max(0, ms),
          wake: () => {
            signal.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        sleeps.add(sleep);
        signal.addEventListener('abort', onAbort, { once: true });
      }),
    get sleeping() {
      return sleeps.size;
    },
    async advance(ms) {
      const target = now + ms;
      await settled();
      for (;;) {
        // Ties go to the sleep that began first: a Set keeps that order.
        let next: { readonly at: number; wake(): void } | undefined;
        for (const sleep of sleeps) if (sleep.at <= target && (!next || sleep.at < next.at)) next = sleep;
        if (!next) break;
        now = Math.max(now, next.at);
        sleeps.delete(next);
        next.wake();
        await settled();
      }
      now = target;
    },
  };
}

// Promise chains of any length end within one turn of the event loop; streams take another or two. Threads and sockets are not waited for.
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
