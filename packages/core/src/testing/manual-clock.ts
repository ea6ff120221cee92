import { sleepBy, type Clock } from '../clock.ts';

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** How many sleeps and timers wait for their time. */
  readonly sleeping: number;
  /**
   * Moves the time, ends the sleeps and timers that fall due in their order, and lets the promises that hang on one settle before the next. What
   * waits for a socket or a thread is not waited for: poll for its outcome.
   */
  advance(ms: number): Promise<void>;
}

/** Makes a clock for a test. Starts at the first of January 2026, unless told otherwise. */
export function manualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  let now = startMs;
  const timers = new Set<{ readonly at: number; fire(): void }>();
  const clock: ManualClock = {
    now: () => now,
    sleep: (ms, signal) => sleepBy(clock, ms, signal),
    timer(ms, fire) {
      const timer = { at: now + Math.max(0, ms), fire };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get sleeping() {
      return timers.size;
    },
    async advance(ms) {
      const target = now + ms;
      await settled();
      for (;;) {
        // Ties go to the one that began first: a Set keeps that order.
        let next: { readonly at: number; fire(): void } | undefined;
        for (const timer of timers) if (timer.at <= target && (!next || timer.at < next.at)) next = timer;
        if (!next) break;
        now = Math.max(now, next.at);
        timers.delete(next);
        next.fire();
        await settled();
      }
      now = target;
    },
  };
  return clock;
}

// Promise chains of any length end within one turn of the event loop; streams take another or two. Threads and sockets are not waited for.
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
