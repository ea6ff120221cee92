import type { Clock } from '@busbar/core';
import type { ClaimState } from '../claims.ts';
import type { Leases } from './leases.ts';
import { conflict } from './refusals.ts';

/** Options for {@link duplicateCalls}. */
export interface DuplicateCallsOptions {
  /** Reads a claim. Concurrent reads may share one query. */
  read(claim: string): Promise<ClaimState | undefined>;
  readonly leases: Pick<Leases, 'ended'>;
  readonly clock: Clock;
  readonly leaseMs: number;
}

// How often to look for the end of a call that runs on another replica.
const pollMs = 100;

/**
 * Returns a function that waits while a call with the same idempotency key runs, on any replica. The function returns the claim that the
 * call left, or undefined if the key is free again. It throws the signal's reason if the signal aborts, and IDEMPOTENCY_CONFLICT if that
 * call has different arguments.
 */
export function duplicateCalls({ read, leases, clock, leaseMs }: DuplicateCallsOptions) {
  return async function endOfFirstCall(claim: string, inputHash: string, signal: AbortSignal): Promise<ClaimState | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const state = await read(claim);
      if (state && state.inputHash !== inputHash) throw conflict();
      if (!state || state.ended) return state;
      await endedOrTimeout(state.callId, signal);
    }
  };

  /** Resolves when the call has ended here, when the signal aborts, or when it is time to read the claim again. */
  async function endedOrTimeout(callId: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const endedHere = leases.ended(callId);
    const { promise: woken, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    const cancel = clock.timer(endedHere ? leaseMs : pollMs, wake);
    signal.addEventListener('abort', wake);
    try {
      await (endedHere ? Promise.race([endedHere, woken]) : woken);
    } finally {
      signal.removeEventListener('abort', wake);
      cancel();
    }
  }
}
