import type { Clock, Lock } from '../../../src/index.ts';

/** Ways to break a {@link processLock}. */
export interface LockFaults {
  readonly keyOf?: (key: string) => string;
  readonly ttlOf?: (ttlMs: number) => number;
  /** Looks, waits, and takes. */
  readonly slowly?: boolean;
  /** Lets go of the lock, whoever holds it. */
  readonly forAnybody?: boolean;
  readonly never?: boolean;
}

/** A lock in one process, which keeps its promises unless it is told not to. */
export function processLock(clock: Clock, { keyOf = (key) => key, ttlOf = (ms) => ms, slowly, forAnybody, never }: LockFaults = {}): Lock {
  const held = new Map<string, { readonly endsAt: number }>();
  return {
    async take(name, ttlMs) {
      const key = keyOf(name);
      if (clock.now() < (held.get(key)?.endsAt ?? Number.NEGATIVE_INFINITY)) return undefined;
      if (slowly) await Promise.resolve();
      const mine = { endsAt: clock.now() + ttlOf(ttlMs) };
      held.set(key, mine);
      return () => {
        if (!never && (forAnybody || held.get(key) === mine)) held.delete(key);
      };
    },
  };
}
