import type { Clock } from '@busbar/core';

/** The calls that run on this replica. */
export interface Leases {
  readonly size: number;
  /** Vouches for a call from now on. */
  hold(callId: string): void;
  /** The call has ended here. */
  release(callId: string): void;
  /** Resolves when the call has ended here. Undefined where it does not run here. */
  ended(callId: string): Promise<void> | undefined;
  /** Ends the renewing: the leases run out unless their calls end. */
  stop(): void;
}

/** Renews the leases of running calls, all at once, every `everyMs`. Without a running call there is no timer. */
export function createLeases(clock: Clock, everyMs: number, renew: (callIds: readonly string[]) => Promise<void>): Leases {
  const held = new Map<string, PromiseWithResolvers<void>>();
  let resting = new AbortController();
  let stopped = false;

  async function renewUntilNoneRuns({ signal }: AbortController): Promise<void> {
    try {
      for (;;) {
        await clock.sleep(everyMs, signal);
        await renew([...held.keys()]);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  return {
    get size() {
      return held.size;
    },
    hold(callId) {
      held.set(callId, Promise.withResolvers());
      if (held.size > 1 || stopped) return;
      resting = new AbortController();
      void renewUntilNoneRuns(resting);
    },
    release(callId) {
      held.get(callId)?.resolve();
      held.delete(callId);
      if (held.size === 0) resting.abort();
    },
    ended: (callId) => held.get(callId)?.promise,
    stop() {
      stopped = true;
      resting.abort();
    },
  };
}
