import type { Call } from '../ports/metering.ts';

/** The bound of {@link refusedReads}. */
const maxKept = 10_000;

/** Whose reads were refused when they were last metered. */
export interface RefusedReads {
  has(call: Call): boolean;
  add(call: Call): void;
  delete(call: Call): void;
}

/** Remembers refused reads by who called what. Where there are too many, the oldest is forgotten. */
export function refusedReads(): RefusedReads {
  const kept = new Set<string>();
  const keyOf = ({ principal, connection, tool }: Call): string => JSON.stringify([principal.tenant, principal.id, connection, tool]);
  return {
    // Nearly always there is none, and then no key is made.
    has: (call) => kept.size > 0 && kept.has(keyOf(call)),
    add(call) {
      kept.add(keyOf(call));
      if (kept.size <= maxKept) return;
      for (const oldest of kept) {
        kept.delete(oldest);
        return;
      }
    },
    delete(call) {
      if (kept.size > 0) kept.delete(keyOf(call));
    },
  };
}
