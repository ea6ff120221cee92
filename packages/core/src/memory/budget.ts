import type { Budget } from '../ports/budget.ts';
import { systemClock, type Clock } from '../clock.ts';
import { fairBudget } from '../upstream/fair-budget.ts';

/** Options for {@link memoryBudget}. */
export interface MemoryBudgetOptions {
  readonly clock?: Clock | undefined;
  /** The most requests that may wait for one budget. One user may have at most half as many. Default 100. */
  readonly maxWaiting?: number | undefined;
  /** The most budgets to keep. The least recently used budget without running requests makes room. Default 10,000. */
  readonly maxKeys?: number | undefined;
}

interface Used {
  windowEndsAt: number;
  taken: number;
  running: number;
  /** The remainder that the vendor reported until `reportedUntil`, minus the requests granted since. */
  left: number;
  reportedUntil: number;
  closedUntil: number;
  /** The requests per window that the vendor reported. */
  limit?: number;
}

// Vendors round to seconds, and responses take time to arrive.
const sameWindowMs = 2_000;
// Smaller changes come from the clock's whole milliseconds. They would make the time of a wait a new time at each look.
const correctionMs = 100;

/**
 * Keeps budgets in this process. Each budget combines a count of running requests, the vendor's reports, and a fixed window that begins
 * with its first request.
 */
export function memoryBudget({ clock = systemClock, maxWaiting, maxKeys = 10_000 }: MemoryBudgetOptions = {}): Budget {
  const budgets = new Map<string, Used>();

  function usedOf(key: string): Used {
    const known = budgets.get(key);
    const used = known ?? { windowEndsAt: 0, taken: 0, running: 0, left: 0, reportedUntil: 0, closedUntil: 0 };
    budgets.delete(key);
    budgets.set(key, used);
    if (!known && budgets.size > maxKeys) {
      for (const [old, { running }] of budgets) {
        if (running > 0 || old === key) continue;
        budgets.delete(old);
        break;
      }
    }
    return used;
  }

  // Budgets are kept in elapsed time, because the clock's time may be corrected. Callers use the clock's time, which is `ahead` of it.
  let ahead = clock.now() - clock.elapsed();
  function aheadMs(): number {
    const newAhead = clock.now() - clock.elapsed();
    if (Math.abs(newAhead - ahead) > correctionMs) ahead = newAhead;
    return ahead;
  }

  return fairBudget({
    clock,
    maxWaiting,
    counts: {
      tryTake(key, { requests, windowMs, concurrent }) {
        const used = usedOf(key);
        const now = clock.elapsed();
        const isReported = now < used.reportedUntil;
        let until = used.closedUntil;
        if (isReported && used.left <= 0) until = Math.max(until, used.reportedUntil);
        const counted = requests !== undefined && windowMs !== undefined;
        if (counted) {
          if (now >= used.windowEndsAt) used.taken = 0;
          if (used.taken >= (used.limit ?? requests)) until = Math.max(until, used.windowEndsAt);
        }
        if (until > now) return { kind: 'exhausted', until: until + aheadMs() };
        if (concurrent !== undefined && used.running >= concurrent) return { kind: 'full' };
        if (counted) {
          if (now >= used.windowEndsAt) used.windowEndsAt = now + windowMs;
          used.taken += 1;
        }
        if (isReported) used.left -= 1;
        used.running += 1;
        return { kind: 'granted', release: () => void (used.running -= 1) };
      },
      observe(key, { limit, remaining, ...times }, heldUntil) {
        const used = usedOf(key);
        const now = clock.elapsed();
        const ahead = aheadMs();
        const holdsUntil = heldUntil - ahead;
        if (limit !== undefined) used.limit = limit;
        if (times.closedUntil !== undefined) used.closedUntil = Math.max(used.closedUntil, times.closedUntil - ahead);
        if (remaining === undefined || holdsUntil <= now) return;
        if (now >= used.reportedUntil) {
          // The vendor decides when the window ends.
          if (times.resetAt !== undefined && now < used.windowEndsAt)
            used.windowEndsAt = Math.min(used.windowEndsAt, times.resetAt - ahead);
          Object.assign(used, { left: remaining, reportedUntil: holdsUntil });
        } else if (remaining <= used.left && holdsUntil + sameWindowMs >= used.reportedUntil) {
          // Any other report is older than the report in use.
          Object.assign(used, { left: remaining, reportedUntil: Math.max(used.reportedUntil, holdsUntil) });
        }
      },
    },
  });
}
