import type { Call } from '../ports/metering.ts';

const maxKeys = 10_000;

/** The reads whose last attempt was refused. */
export interface RefusedReads {
  has(call: Call): boolean;
  add(call: Call): void;
  delete(call: Call): void;
}

/** Remembers refused reads by tenant, principal, connection and tool. Keeps at most 10,000 and forgets the oldest first. */
export function refusedReads(): RefusedReads {
  const keys = new Set<string>();
  const keyOf = ({ principal, connection, tool }: Call): string => JSON.stringify([principal.tenant, principal.id, connection, tool]);
  return {
    // The set is nearly always empty, and then no key is built.
    has: (call) => keys.size > 0 && keys.has(keyOf(call)),
    add(call) {
      keys.add(keyOf(call));
      if (keys.size <= maxKeys) return;
      for (const oldest of keys) {
        keys.delete(oldest);
        return;
      }
    },
    delete(call) {
      if (keys.size > 0) keys.delete(keyOf(call));
    },
  };
}
