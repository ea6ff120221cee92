import { sleepBy, type Clock } from '../clock.ts';

/** A clock whose time passes only when a test advances it. */
export interface ManualClock extends Clock {
  /** How many sleeps and timers are pending. */
  readonly sleeping: number;
  /**
   * Advances the time, and ends the sleeps and timers that fall due, in order. Promises that depend on one of them settle before the next
   * one ends. Does not wait for sockets or threads: poll for their outcome.
   */
  advance(ms: number): Promise<void>;
  /** Moves only the wall clock (`now`), forward or back, as a correction of the system's clock does. Timers are not affected. */
  adjust(ms: number): void;
}

/** Creates a clock for a test. Default start: 1 January 2026, UTC. */
export function manualClock(startMs: number = Date.UTC(2026, 0, 1)): ManualClock {
  let elapsed = 0;
  let aheadMs = startMs;
  const timers = new Set<{ readonly at: number; fire(): void }>();
  const clock: ManualClock = {
    now: () => elapsed + aheadMs,
    elapsed: () => elapsed,
    sleep: (ms, signal) => sleepBy(clock, ms, signal),
    timer(ms, fire) {
      const timer = { at: elapsed + Math.max(0, ms), fire };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get sleeping() {
      return timers.size;
    },
    async advance(ms) {
      const target = elapsed + ms;
      await settled();
      for (;;) {
        // Among equal times, the timer that began first ends first: a Set keeps that order.
        let next: { readonly at: number; fire(): void } | undefined;
        for (const timer of timers) if (timer.at <= target && (!next || timer.at < next.at)) next = timer;
        if (!next) break;
        elapsed = Math.max(elapsed, next.at);
        timers.delete(next);
        next.fire();
        await settled();
      }
      elapsed = target;
    },
    adjust(ms) {
      aheadMs += ms;
    },
  };
  return clock;
}

// Promise chains of any length end within one turn of the event loop. Streams need one or two turns more.
async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}
