import type { Clock } from '@busbar/core';

/**
 * Returns a function that reads at most once in `ms` milliseconds and shares the result among its callers, so that a page costs the same
 * however often it is requested. A failed read is not remembered.
 */
export function remembered<Result>(clock: Clock, ms: number, read: () => Promise<Result>): () => Promise<Result> {
  let last: { readonly at: number; readonly result: Promise<Result> } | undefined;
  return () => {
    if (last && clock.elapsed() - last.at < ms) return last.result;
    const reading = { at: clock.elapsed(), result: read() };
    last = reading;
    reading.result.catch(() => {
      if (last === reading) last = undefined;
    });
    return reading.result;
  };
}
