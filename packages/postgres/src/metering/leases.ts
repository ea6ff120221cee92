import type { Clock } from '@busbar/core';

/** A call that runs on this replica. */
export interface Lease {
  readonly callId: string;
  /** Where it stands among all. Below 0: it has ended. */
  place: number;
  /** Made for whoever waits for its end. */
  ended: PromiseWithResolvers<void> | undefined;
}

/** The calls that run on this replica. */
export interface Leases {
  readonly size: number;
  /** Vouches for a call from now on. */
  hold(callId: string): Lease;
  /** The call has ended here. Safe to call twice. */
  release(lease: Lease): void;
  /** Resolves when the call has ended here. Undefined where it does not run here. */
  ended(callId: string): Promise<void> | undefined;
  /** Ends the renewing: the leases run out unless their calls end. */
  stop(): void;
}

/** Renews the leases of running calls, all at once, every `everyMs`, by a `renew` that never rejects. Without a running call there is no timer. */
export function createLeases(clock: Clock, everyMs: number, renew: (callIds: readonly string[]) => Promise<void>): Leases {
  // Not a Set or a Map: each that V8 grows or clears of holes keeps what was in it, and the next one, for the collector of old garbage, so that
  // under load nearly every call would be moved there.
  const held: Lease[] = [];
  let cancel: (() => void) | undefined;
  let stopped = false;

  function rest(): void {
    if (cancel || stopped || held.length === 0) return;
    cancel = clock.timer(everyMs, () => {
      cancel = undefined;
      void renew(held.map(({ callId }) => callId)).then(rest);
    });
  }

  function rouse(): void {
    cancel?.();
    cancel = undefined;
  }

  return {
    get size() {
      return held.length;
    },
    hold(callId) {
      const lease: Lease = { callId, place: held.length, ended: undefined };
      held.push(lease);
      rest();
      return lease;
    },
    release(lease) {
      if (lease.place < 0) return;
      const last = held.pop();
      if (last && last !== lease) {
        held[lease.place] = last;
        last.place = lease.place;
      }
      lease.place = -1;
      lease.ended?.resolve();
      if (held.length === 0) rouse();
    },
    ended(callId) {
      const lease = held.find((one) => one.callId === callId);
      return lease && (lease.ended ??= Promise.withResolvers()).promise;
    },
    stop() {
      stopped = true;
      rouse();
    },
  };
}
