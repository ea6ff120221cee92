import type { Clock, Logger } from '@busbar/core';
import type { ApiKeys, DeadLetters } from '@busbar/postgres';
import { createPeriodicTask, type PeriodicTask } from './process/periodic-task.ts';

/** The services that housekeeping needs. */
export interface HousekeepingOptions {
  readonly deadLetters: Pick<DeadLetters, 'prune'>;
  readonly apiKeys: Pick<ApiKeys, 'prune'>;
  readonly clock: Clock;
  readonly log: Logger;
}

const everyMs = 60 * 60_000;

/**
 * Drops expired dead letters, and keys that were revoked long ago, at the start and every hour. Any number of replicas may run it. Stop it
 * before the database closes.
 */
export function createHousekeeping({ deadLetters, apiKeys, clock, log }: HousekeepingOptions): PeriodicTask {
  return createPeriodicTask(clock, everyMs, async () => {
    try {
      const letters = await deadLetters.prune();
      if (letters > 0) log.warn({ letters }, 'Dead letters were dropped: they expired before anyone replayed or discarded them');
    } catch (err) {
      log.warn({ err }, 'Expired dead letters could not be dropped');
    }
    // The audit still says who revoked them.
    await apiKeys.prune().catch((err: unknown) => log.warn({ err }, 'Keys that were revoked long ago could not be dropped'));
  });
}
