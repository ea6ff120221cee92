import type { Clock } from '@busbar/core';

/** The lease of a call that runs on this replica. */
export interface CallLease {
  readonly callId: string;
}

/** The leases of the calls that run on this replica. */
export interface Leases {
  readonly size: number;
  /** Renews the call's lease from now on. */
  hold(callId: string): CallLease;
  /** Stops renewing the lease, because the call has ended on this replica. Safe to call twice. */
  release(lease: CallLease): void;
  /** Resolves when the call has ended on this replica. Undefined if the call does not run on this replica. */
  ended(callId: string): Promise<void> | undefined;
  /** Stops all renewals. The leases then expire unless their calls end first. */
  stop(): void;
}

interface HeldLease extends CallLease {
  /** The lease's index in the list of held leases, or -1 once it is released. */
  index: number;
  /** Created for the first caller of `ended`. */
  ended: PromiseWithResolvers<void> | undefined;
}

/** Renews the leases of all running calls together, every `everyMs`. `renew` must not reject. There is no timer while no call runs. */
export function createLeases(clock: Clock, everyMs: number, renew: (callIds: readonly string[]) => Promise<void>): Leases {
  // An array, because V8 keeps the outgrown tables of a Set or Map, with their old contents, until it collects old garbage. Under load
  // nearly every call would then be moved to the old generation.
  const held: HeldLease[] = [];
  let cancel: (() => void) | undefined;
  let stopped = false;

  function renewLater(): void {
    if (cancel || stopped || held.length === 0) return;
    cancel = clock.timer(everyMs, () => {
      cancel = undefined;
      void renew(held.map(({ callId }) => callId)).then(renewLater);
    });
  }

  function cancelTimer(): void {
    cancel?.();
    cancel = undefined;
  }

  return {
    get size() {
      return held.length;
    },
    hold(callId) {
      const lease: HeldLease = { callId, index: held.length, ended: undefined };
      held.push(lease);
      renewLater();
      return lease;
    },
    release(callLease) {
      const lease = callLease as HeldLease;
      if (lease.index < 0) return;
      const last = held.pop();
      if (last && last !== lease) {
        held[lease.index] = last;
        last.index = lease.index;
      }
      lease.index = -1;
      lease.ended?.resolve();
      if (held.length === 0) cancelTimer();
    },
    ended(callId) {
      const lease = held.find((each) => each.callId === callId);
      return lease && (lease.ended ??= Promise.withResolvers()).promise;
    },
    stop() {
      stopped = true;
      cancelTimer();
    },
  };
}
