import type { Clock, Logger } from '@busbar/core';
import type { DeadLetters } from '@busbar/postgres';

/** Takes away what has been kept for long enough. Any number of replicas may do it. */
export interface Housekeeping {
  /** Now, and again each hour until `stop`. */
  start(): void;
  /** Resolves when what runs has ended. Before closing the database. */
  stop(): Promise<void>;
}

/** What housekeeping works with. */
export interface HousekeepingOptions {
  readonly deadLetters: Pick<DeadLetters, 'prune'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const everyMs = 60 * 60_000;

/** Drops dead letters that nobody has cared for in time. */
export function createHousekeeping({ deadLetters, clock, log }: HousekeepingOptions): Housekeeping {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const letters = await deadLetters.prune();
        if (letters > 0) log.warn({ letters }, 'Dead letters were dropped: nobody has replayed or discarded them in time');
      } catch (err) {
        log.warn({ err }, 'Old dead letters could not be dropped');
      }
      await clock.sleep(everyMs, stopping.signal).catch(() => {});
    }
  }

  return {
    start: () => {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
