import { systemClock, type Clock } from '../clock.ts';
import type { RateLimit, RateLimitRule } from '../ports/rate-limit.ts';

/** Options for {@link memoryRateLimit}. */
export interface MemoryRateLimitOptions {
  readonly clock?: Clock | undefined;
  /**
   * The most keys to count at one time. Beyond, the key that has been idle longest is forgotten, so that a flood of new keys does not shut
   * out others. Default 100,000.
   */
  readonly maxKeys?: number | undefined;
}

interface Window {
  readonly rule: RateLimitRule;
  readonly startedAt: number;
  count: number;
}

/**
 * Counts requests in fixed windows. A key's window begins with its first request and lasts `windowMs`. A request must pass every rule, and
 * counts only if it does. Keeps the counts in this process, so each replica grants the whole limit.
 *
 * @throws {TypeError} if there are no rules, or if a limit or window is not positive.
 */
export function memoryRateLimit(
  rules: readonly RateLimitRule[],
  { clock = systemClock, maxKeys = 100_000 }: MemoryRateLimitOptions = {},
): RateLimit {
  const [first] = rules;
  if (!first) throw new TypeError('A rate limit needs a rule.');
  for (const { limit, windowMs } of rules) {
    if (!(limit >= 1) || !(windowMs > 0))
      throw new TypeError('A rate limit rule needs a limit of at least 1 and a window of more than 0 ms.');
  }
  // In the order in which a window of theirs last began.
  const keys = new Map<string, Window[]>();

  function windowsOf(key: string, now: number): Window[] {
    const known = keys.get(key);
    if (known && areOpen(known, now)) return known;
    keys.delete(key);
    const [idlest] = keys.keys();
    if (idlest !== undefined && keys.size >= maxKeys) keys.delete(idlest);
    const windows = rules.map((rule, index) => {
      const window = known?.[index];
      return window && now < endOf(window) ? window : { rule, startedAt: now, count: 0 };
    });
    keys.set(key, windows);
    return windows;
  }

  return {
    take(key) {
      const now = clock.elapsed();
      const windows = windowsOf(key, now);
      let [tightest = { rule: first, startedAt: now, count: 0 }] = windows;
      for (const window of windows) tightest = tighter(tightest, window);
      const left = leftOf(tightest);
      const decision = { allowed: left > 0, rule: tightest.rule, remaining: Math.max(0, left - 1), resetMs: endOf(tightest) - now };
      if (decision.allowed) for (const window of windows) window.count += 1;
      return decision;
    },
  };
}

function areOpen(windows: readonly Window[], now: number): boolean {
  for (const window of windows) if (now >= endOf(window)) return false;
  return true;
}

const endOf = ({ startedAt, rule }: Window): number => startedAt + rule.windowMs;
const leftOf = ({ count, rule }: Window): number => rule.limit - count;

// A used-up window is tighter than a window with requests left. Of two used-up windows, the window that ends later is tighter. Otherwise
// the window with fewer requests left is.
function tighter(a: Window, b: Window): Window {
  const [left, leftOfB] = [leftOf(a), leftOf(b)];
  if (left > 0 || leftOfB > 0) return leftOfB < left ? b : a;
  return endOf(b) > endOf(a) ? b : a;
}
