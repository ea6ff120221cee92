import type { Clock } from '@busbar/core';

/** Writes that failed and are tried again in the background. */
export interface Amends<T> {
  /** Takes an item, unless too many wait: then it is left to the sweep. */
  add(item: T): void;
  /** Gives up what waits. */
  stop(): void;
}

const everyMs = 1_000;
const maxWaiting = 10_000;

/** Tries `write` once a second until it succeeds. Without anything to write there is no timer. */
export function createAmends<T>(clock: Clock, write: (items: readonly T[]) => Promise<void>): Amends<T> {
  const waiting = new Set<T>();
  const over = new AbortController();
  let trying = false;

  async function tryUntilWritten(): Promise<void> {
    while (waiting.size > 0 && !over.signal.aborted) {
      try {
        await clock.sleep(everyMs, over.signal);
        const items = [...waiting];
        await write(items);
        for (const item of items) waiting.delete(item);
      } catch {
        // The database is still away, and whoever called has heard so; or the process ends.
      }
    }
    trying = false;
  }

  return {
    add(item) {
      if (over.signal.aborted || waiting.size >= maxWaiting) return;
      waiting.add(item);
      if (trying) return;
      trying = true;
      void tryUntilWritten();
    },
    stop: () => over.abort(),
  };
}
