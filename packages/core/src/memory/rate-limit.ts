import { systemClock, type Clock } from '../clock.ts';
import type { RateLimit, RateLimitRule } from '../ports/rate-limit.ts';

/** Options for {@link memoryRateLimit}. */
export interface MemoryRateLimitOptions {
  readonly clock?: Clock;
  /** The most keys to count at one time. Idle keys make room. While all keys are active, new keys are refused. Default 100,000. */
  readonly maxKeys?: number;
}

interface Window {
  readonly rule: RateLimitRule;
  startedAt: number;
  count: number;
}

// A sweep visits all keys, so a flood of new keys must not trigger a sweep each time.
const sweepEveryMs = 1_000;

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
  const keys = new Map<string, Window[]>();
  let nextSweepAt = 0;

  const idleAt = (windows: readonly Window[]) => Math.max(...windows.map(endOf));

  function sweep(now: number): void {
    if (now < nextSweepAt) return;
    for (const [key, windows] of keys) if (idleAt(windows) <= now) keys.delete(key);
    nextSweepAt = now + sweepEveryMs;
  }

  const windowsFrom = (startedAt: number): Window[] => rules.map((rule) => ({ rule, startedAt, count: 0 }));

  return {
    take(key) {
      const now = clock.now();
      let windows = keys.get(key);
      if (!windows) {
        if (keys.size >= maxKeys) sweep(now);
        if (keys.size >= maxKeys) return { allowed: false, rule: first, remaining: 0, resetMs: Math.max(1, nextSweepAt - now) };
        windows = windowsFrom(now);
        keys.set(key, windows);
      }
      let tightest = windows[0];
      for (const window of windows) {
        if (now >= endOf(window)) {
          window.startedAt = now;
          window.count = 0;
        }
        tightest = tightest ? tighter(tightest, window) : window;
      }
      if (!tightest) throw new TypeError('A key has no window.');
      const left = leftOf(tightest);
      const decision = { allowed: left > 0, rule: tightest.rule, remaining: Math.max(0, left - 1), resetMs: endOf(tightest) - now };
      if (decision.allowed) for (const window of windows) window.count += 1;
      return decision;
    },
  };
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
