import type { Clock } from '@busbar/core';

/** Requests of this replica that wait for a place, the first to come first. */
export interface WaitingLine {
  readonly length: number;
  /**
   * Waits at the end of the line, and asks when the turn has come: until `ask` gives something, it throws, or the signal aborts.
   */
  wait<T>(ask: () => Promise<T | undefined>, signal: AbortSignal): Promise<T>;
  /** A place may be free: the first asks now. */
  nudge(): void;
}

/** Makes a line whose first asks again every `askEveryMs`: a place that another replica gives back is not announced. */
export function waitingLine(clock: Clock, askEveryMs: number): WaitingLine {
  const waiting: { nudge(): void }[] = [];

  return {
    get length() {
      return waiting.length;
    },
    async wait(ask, signal) {
      let nudged = false;
      let pause: AbortController | undefined;
      const waiter = {
        nudge() {
          nudged = true;
          pause?.abort();
        },
      };
      waiting.push(waiter);
      try {
        for (;;) {
          if (!nudged) {
            pause = new AbortController();
            const ms = waiting[0] === waiter ? askEveryMs : Number.POSITIVE_INFINITY;
            await clock.sleep(ms, AbortSignal.any([signal, pause.signal])).catch(() => {});
          }
          signal.throwIfAborted();
          nudged = false;
          const got = await ask();
          if (got !== undefined) return got;
        }
      } finally {
        waiting.splice(waiting.indexOf(waiter), 1);
        waiting[0]?.nudge();
      }
    },
    nudge: () => waiting[0]?.nudge(),
  };
}
