/** Where core and stores take the time from, so that tests move it by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`. Rejects with `signal.reason` as soon as the signal aborts, and leaves no timer behind. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

// A timer of Node holds 2^31 - 1 ms at most, and fires at once beyond that.
const longestTimerMs = 2 ** 31 - 1;

/** The real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return void reject(signal.reason);
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
        Math.min(Math.max(0, ms), longestTimerMs),
      );
      signal.addEventListener('abort', onAbort, { once: true });
    }),
};
