import type { Budget } from '../ports/budget.ts';
import { systemClock, type Clock } from '../clock.ts';
import { fairBudget } from '../upstream/fair-budget.ts';

/** Bounds of {@link memoryBudget}. */
export interface MemoryBudgetOptions {
  readonly clock?: Clock;
  /** Most requests that wait for one budget; of one user half as many. Default 100. */
  readonly maxWaiting?: number;
  /** Most budgets remembered; the longest unused of those that nothing runs under go first. Default 10,000. */
  readonly maxKeys?: number;
}

interface Used {
  windowEndsAt: number;
  taken: number;
  running: number;
  /** What the vendor says is left until `toldUntil`, less what was granted since. */
  left: number;
  toldUntil: number;
  closedUntil: number;
  /** As the vendor states it. */
  limit?: number;
}

// Vendors round to seconds, and answers take their time.
const sameWindowMs = 2_000;

/** Budgets of this process alone: fixed windows that begin with the first request, what the vendor tells, and a count of what runs. */
export function memoryBudget({ clock = systemClock, maxWaiting, maxKeys = 10_000 }: MemoryBudgetOptions = {}): Budget {
  const budgets = new Map<string, Used>();

  function usedOf(key: string): Used {
    const known = budgets.get(key);
    const used = known ?? { windowEndsAt: 0, taken: 0, running: 0, left: 0, toldUntil: 0, closedUntil: 0 };
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

  return fairBudget({
    clock,
    maxWaiting,
    counts: {
      tryTake(key, { requests, windowMs, concurrent }) {
        const used = usedOf(key);
        const now = clock.now();
        const told = now < used.toldUntil;
        let until = used.closedUntil;
        if (told && used.left <= 0) until = Math.max(until, used.toldUntil);
        const counted = requests !== undefined && windowMs !== undefined;
        if (counted) {
          if (now >= used.windowEndsAt) used.taken = 0;
          if (used.taken >= (used.limit ?? requests)) until = Math.max(until, used.windowEndsAt);
        }
        if (until > now) return { kind: 'exhausted', until };
        if (concurrent !== undefined && used.running >= concurrent) return { kind: 'full' };
        if (counted) {
          if (now >= used.windowEndsAt) used.windowEndsAt = now + windowMs;
          used.taken += 1;
        }
        if (told) used.left -= 1;
        used.running += 1;
        return { kind: 'granted', release: () => void (used.running -= 1) };
      },
      observe(key, { limit, remaining, resetAt, closedUntil = 0 }, holdsUntil) {
        const used = usedOf(key);
        const now = clock.now();
        if (limit !== undefined) used.limit = limit;
        used.closedUntil = Math.max(used.closedUntil, closedUntil);
        if (remaining === undefined || holdsUntil <= now) return;
        if (now >= used.toldUntil) {
          // The window ends when the vendor says so.
          if (resetAt !== undefined && now < used.windowEndsAt) used.windowEndsAt = Math.min(used.windowEndsAt, resetAt);
          Object.assign(used, { left: remaining, toldUntil: holdsUntil });
        } else if (remaining <= used.left && holdsUntil + sameWindowMs >= used.toldUntil) {
          // Anything else is news of an earlier time.
          Object.assign(used, { left: remaining, toldUntil: Math.max(used.toldUntil, holdsUntil) });
        }
      },
    },
  });
}
