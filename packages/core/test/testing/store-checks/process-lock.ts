import type { Clock, Lock } from '../../../src/index.ts';

/** Ways to break a {@link processLock}. */
export interface LockFaults {
  readonly keyOf?: (key: string) => string;
  readonly ttlOf?: (ttlMs: number) => number;
  /** Looks, waits, and then takes. */
  readonly slowly?: boolean;
  /** Releases the lock, even if another holds it. */
  readonly forAnyone?: boolean;
  /** Never releases the lock. */
  readonly never?: boolean;
}

/** Creates a lock in one process. It keeps its guarantees, except for the given faults. */
export function processLock(clock: Clock, { keyOf = (key) => key, ttlOf = (ms) => ms, slowly, forAnyone, never }: LockFaults = {}): Lock {
  const held = new Map<string, { readonly endsAt: number }>();
  return {
    async take(name, ttlMs) {
      const key = keyOf(name);
      if (clock.now() < (held.get(key)?.endsAt ?? Number.NEGATIVE_INFINITY)) return undefined;
      if (slowly) await Promise.resolve();
      const mine = { endsAt: clock.now() + ttlOf(ttlMs) };
      held.set(key, mine);
      return () => {
        if (!never && (forAnyone || held.get(key) === mine)) held.delete(key);
      };
    },
  };
}
