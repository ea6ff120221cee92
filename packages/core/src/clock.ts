/** The source of time for core and the stores. Tests replace it with a clock that they advance themselves. */
export interface Clock {
  /** Milliseconds since the epoch: for what is stored, sent or shown. May go back when the system's clock is corrected. */
  now(): number;
  /** Milliseconds since some time in the past: for durations inside the process. Never goes back. */
  elapsed(): number;
  /** Resolves after `ms`. Rejects with `signal.reason` as soon as the signal aborts, and leaves no timer behind. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls `fire` once after `ms`, unless the returned function is called first. Cheaper than {@link sleep}. */
  timer(ms: number, fire: () => void): () => void;
}

// Node's timers accept at most 2^31 - 1 ms. A longer timer fires at once.
const longestTimerMs = 2 ** 31 - 1;

/** The system's clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) => sleepBy(systemClock, ms, signal),
  timer(ms, fire) {
    const timer = setTimeout(fire, Math.min(Math.max(0, ms), longestTimerMs));
    return () => clearTimeout(timer);
  },
};

/** Implements {@link Clock.sleep} on top of {@link Clock.timer}, for use in implementations of `Clock`. */
export function sleepBy(clock: Pick<Clock, 'timer'>, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return void reject(signal.reason);
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.timer(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
