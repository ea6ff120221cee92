import { systemClock, type Clock } from '../clock.ts';
import type { RateLimit, RateLimitDecision, RateLimitRule } from '../rate-limit.ts';

/** How much a {@link memoryRateLimit} keeps. */
export interface MemoryRateLimitOptions {
  readonly clock?: Clock;
  /** The most keys that are counted at one time. Idle ones make room; while all are active, new ones are refused. Default 100,000. */
  readonly maxKeys?: number;
}

interface Window {
  startedAt: number;
  count: number;
}

// Looking for idle keys takes a walk over all of them, so a flood of new ones may not ask for it each time.
const sweepEveryMs = 1_000;

/**
 * Counts in fixed windows: a key's window begins with its first request and lasts `windowMs`. A request passes where every rule lets it
 * pass, and counts only then. Kept in this process: with several replicas each grants the whole limit.
 *
 * @throws {TypeError} for no rule, and for a limit or window that is not positive.
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

  const idleAt = (windows: readonly Window[]) => Math.max(...windows.map(({ startedAt }, i) => startedAt + (rules[i] ?? first).windowMs));

  function sweep(now: number): void {
    if (now < nextSweepAt) return;
    for (const [key, windows] of keys) if (idleAt(windows) <= now) keys.delete(key);
    nextSweepAt = now + sweepEveryMs;
  }

  const decide = (windows: readonly Window[], now: number): RateLimitDecision => {
    let found: RateLimitDecision | undefined;
    for (const [i, rule] of rules.entries()) {
      const window = windows[i] ?? { startedAt: now, count: 0 };
      const left = rule.limit - window.count;
      const decision = { allowed: left > 0, rule, remaining: Math.max(0, left - 1), resetMs: window.startedAt + rule.windowMs - now };
      if (!found || isTighter(decision, found)) found = decision;
    }
    return found ?? { allowed: false, rule: first, remaining: 0, resetMs: first.windowMs };
  };

  return {
    async take(key) {
      const now = clock.now();
      let windows = keys.get(key);
      if (!windows) {
        if (keys.size >= maxKeys) sweep(now);
        if (keys.size >= maxKeys) return { allowed: false, rule: first, remaining: 0, resetMs: Math.max(1, nextSweepAt - now) };
        windows = rules.map(() => ({ startedAt: now, count: 0 }));
        keys.set(key, windows);
      }
      for (const [i, window] of windows.entries()) {
        if (now - window.startedAt >= (rules[i] ?? first).windowMs) Object.assign(window, { startedAt: now, count: 0 });
      }
      const decision = decide(windows, now);
      if (decision.allowed) for (const window of windows) window.count += 1;
      return decision;
    },
  };
}

// A refusal before an allowance; of two refusals the one that lasts longer, of two allowances the one with less left.
function isTighter(a: RateLimitDecision, b: RateLimitDecision): boolean {
  if (a.allowed !== b.allowed) return !a.allowed;
  return a.allowed ? a.remaining < b.remaining : a.resetMs > b.resetMs;
}
