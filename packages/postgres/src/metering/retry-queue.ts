import type { Clock } from '@busbar/core';

/** Writes that failed and are retried in the background. */
export interface RetryQueue<T> {
  /** Adds an item, or drops it if 10,000 are waiting. A sweep then ends its call. */
  add(item: T): void;
  /** Drops the waiting items. */
  stop(): void;
}

const everyMs = 1_000;
const maxWaiting = 10_000;

/** Retries `write` once a second until it succeeds. An empty queue has no timer. */
export function createRetryQueue<T>(clock: Clock, write: (items: readonly T[]) => Promise<void>): RetryQueue<T> {
  const waiting = new Set<T>();
  let cancel: (() => void) | undefined;
  let stopped = false;
  let retrying = false;

  function retryLater(): void {
    retrying = waiting.size > 0 && !stopped;
    if (retrying) cancel = clock.timer(everyMs, () => void retry());
  }

  async function retry(): Promise<void> {
    const items = [...waiting];
    try {
      await write(items);
      for (const item of items) waiting.delete(item);
    } catch {
      // The database is still unreachable. The callers already have their refusals, so there is no one to notify.
    }
    retryLater();
  }

  return {
    add(item) {
      if (stopped || waiting.size >= maxWaiting) return;
      waiting.add(item);
      if (!retrying) retryLater();
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}
