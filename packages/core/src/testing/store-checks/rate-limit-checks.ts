import assert from 'node:assert/strict';
import type { Clock } from '../../clock.ts';
import type { RateLimit, RateLimitRule } from '../../ports/rate-limit.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';
import { sharedChecks, type SharedGuarantee } from './shared-guarantee.ts';

const perMinute = { limit: 3, windowMs: 60_000 };
const perHour = { limit: 5, windowMs: 3_600_000 };
const long = { limit: 1, windowMs: 10_000 };

const guarantees: readonly SharedGuarantee<RateLimit, readonly RateLimitRule[]>[] = [
  {
    name: 'allows as many requests as the limit, says how many are left, then refuses until the window ends',
    settings: [perMinute],
    async prove(first, second, clock) {
      assert.deepEqual(await first.take('a'), { allowed: true, rule: perMinute, remaining: 2, resetMs: 60_000 });
      assert.deepEqual(await second.take('a'), { allowed: true, rule: perMinute, remaining: 1, resetMs: 60_000 });
      await clock.advance(10_000);
      assert.deepEqual(await first.take('a'), { allowed: true, rule: perMinute, remaining: 0, resetMs: 50_000 });
      assert.deepEqual(await second.take('a'), { allowed: false, rule: perMinute, remaining: 0, resetMs: 50_000 });
      await clock.advance(49_999);
      assert.equal((await first.take('a')).allowed, false);
      await clock.advance(1);
      assert.deepEqual(await second.take('a'), { allowed: true, rule: perMinute, remaining: 2, resetMs: 60_000 });
    },
  },
  {
    name: 'keeps the limits of keys apart',
    settings: [{ limit: 1, windowMs: 1_000 }],
    async prove(first, second) {
      await first.take('a');
      assert.equal((await second.take('a')).allowed, false);
      assert.equal((await second.take('b')).allowed, true);
    },
  },
  {
    name: 'allows a request that every rule allows, and names the rule that refuses',
    settings: [perMinute, perHour],
    async prove(first, second, clock) {
      for (let n = 0; n < 3; n += 1) await first.take('a');
      assert.equal((await second.take('a')).rule, perMinute);
      await clock.advance(60_000);
      for (let n = 0; n < 2; n += 1) assert.equal((await first.take('a')).allowed, true);
      assert.deepEqual(await second.take('a'), { allowed: false, rule: perHour, remaining: 0, resetMs: 3_540_000 });
    },
  },
  {
    name: 'counts a refused request against no rule',
    settings: [perMinute, perHour],
    async prove(first, second, clock) {
      for (let n = 0; n < 20; n += 1) await first.take('a');
      await clock.advance(60_000);
      assert.equal((await second.take('a')).allowed, true);
      assert.equal((await first.take('a')).allowed, true);
      assert.equal((await second.take('a')).rule, perHour);
    },
  },
  {
    name: 'names the rule with less left if two rules allow the request',
    settings: [perHour, perMinute],
    async prove(first) {
      const { rule, remaining } = await first.take('a');
      assert.deepEqual({ rule, remaining }, { rule: perMinute, remaining: 2 });
    },
  },
  {
    name: 'names the rule that lasts longer if two rules refuse the request',
    settings: [{ limit: 1, windowMs: 1_000 }, long],
    async prove(first, second) {
      await first.take('a');
      assert.deepEqual(await second.take('a'), { allowed: false, rule: long, remaining: 0, resetMs: 10_000 });
    },
  },
  {
    name: 'allows exactly 100 of 200 concurrent requests',
    settings: [{ limit: 100, windowMs: 60_000 }],
    async prove(first, second) {
      const taken = await Promise.all(Array.from({ length: 200 }, async (_, n) => await (n % 2 === 0 ? first : second).take('a')));
      const allowed = taken.filter((decision) => decision.allowed).map(({ remaining }) => remaining);
      // Each remaining number occurs once, so no request was counted twice.
      assert.deepEqual(
        allowed.sort((a, b) => a - b),
        Array.from({ length: 100 }, (_, n) => n),
      );
    },
  },
];

/**
 * Returns the guarantees of `RateLimit` as checks. `open` creates a fresh limit with the given rules and clock. Checks may run at the same
 * time if the opened limits share nothing.
 */
export function rateLimitChecks(
  open: (rules: readonly RateLimitRule[], clock: Clock) => Promise<OpenedStore<RateLimit>>,
): readonly StoreCheck[] {
  return sharedChecks(guarantees, open);
}
