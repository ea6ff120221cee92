import type { Clock } from '@busbar/core';
import type { LogEvent } from 'kysely';

/** Notices that a database answers but stores nothing. */
export interface WriteWatch {
  /** False for 10 seconds after a statement failed for that reason. */
  readonly canWrite: boolean;
  /** Receives how statements ended. */
  readonly log: (event: LogEvent) => void;
}

// Writes that failed are tried again each second, so an outage lasts as long as there is something to write.
const holdMs = 10_000;
// PostgreSQL's codes: the disk is full, the transaction is read-only (as on a standby), the file system fails.
const cannotStore = /^(?:53100|25006|58[0-9A-Z]{3})$/;

/** Creates a watch that has noticed nothing. */
export function createWriteWatch(clock: Clock): WriteWatch {
  let failedAt = -Infinity;
  return {
    get canWrite() {
      return clock.elapsed() - failedAt >= holdMs;
    },
    log(event) {
      if (event.level !== 'error') return;
      const { code } = (event.error ?? {}) as { readonly code?: unknown };
      if (typeof code === 'string' && cannotStore.test(code)) failedAt = clock.elapsed();
    },
  };
}
