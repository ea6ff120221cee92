import type { Clock } from '@busbar/core';
import type { ClaimState } from './metering-claims.ts';
import type { Leases } from './metering-leases.ts';
import { conflict } from './metering-refusals.ts';

/** What {@link twinWatch} goes by. */
export interface TwinWatchOptions {
  /** Reads a claim. All that ask at once may share one query. */
  read(claim: string): Promise<ClaimState | undefined>;
  readonly leases: Pick<Leases, 'ended'>;
  readonly clock: Clock;
  readonly leaseMs: number;
}

// How often a twin that runs on another replica is looked after.
const pollMs = 100;

/**
 * Makes what waits while a call with the same idempotency key runs, on whatever replica. It gives what that one left, or undefined where its
 * claim is free again. Throws the signal's reason, and IDEMPOTENCY_CONFLICT where that one has other arguments.
 */
export function twinWatch({ read, leases, clock, leaseMs }: TwinWatchOptions) {
  return async (claim: string, inputHash: string, signal: AbortSignal): Promise<ClaimState | undefined> => {
    for (;;) {
      signal.throwIfAborted();
      const state = await read(claim);
      if (state && state.inputHash !== inputHash) throw conflict();
      if (!state || state.ended) return state;
      await endedOrAWhile(state.callId, signal);
    }
  };

  async function endedOrAWhile(callId: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const here = leases.ended(callId);
    const awake = new AbortController();
    const wake = () => awake.abort();
    signal.addEventListener('abort', wake);
    const sleep = clock.sleep(here ? leaseMs : pollMs, awake.signal).catch(() => {});
    try {
      await (here ? Promise.race([here, sleep]) : sleep);
    } finally {
      signal.removeEventListener('abort', wake);
      wake();
    }
  }
}
