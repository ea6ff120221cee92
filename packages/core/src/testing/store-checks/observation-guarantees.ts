import assert from 'node:assert/strict';
import type { Clock } from '../../clock.ts';
import type { Budget } from '../../ports/budget.ts';
import type { SharedGuarantee } from './shared-guarantee.ts';

const signal = new AbortController().signal;
const settings = {};
const limit = { requests: 5, windowMs: 60_000 };

/** Takes all requests that are left. Returns how many there were, and how long the next one has to wait. */
async function takeAllLeft(budget: Budget, clock: Clock, key = 'k', of: object = limit): Promise<readonly [count: number, waitMs: number]> {
  for (let count = 0; count < 100; count += 1) {
    try {
      await budget.take(key, of, { signal, deadlineAt: clock.now() }, () => {});
    } catch (error) {
      const { code, retryAfterMs, executed } = error as { code?: string; retryAfterMs?: number; executed?: unknown };
      assert.deepEqual([code, executed], ['RATE_LIMITED', 'no']);
      return [count, retryAfterMs ?? Number.NaN];
    }
  }
  throw new assert.AssertionError({ message: 'The budget granted 100 requests without a refusal.' });
}

/** Guarantees about the limits that vendors state in their answers. */
export const observationGuarantees: readonly SharedGuarantee<Budget, object>[] = [
  {
    name: 'grants no more requests than the vendor says are left, in every replica, until the time that it names',
    settings,
    async prove(first, second, clock) {
      await first.take('k', limit, { signal, deadlineAt: clock.now() }, () => {});
      first.observe('k', limit, { remaining: 2, resetAt: clock.now() + 20_000 });
      assert.deepEqual(await takeAllLeft(first, clock), [2, 20_000]);
      assert.deepEqual(await takeAllLeft(second, clock), [0, 20_000]);
      await clock.advance(20_000);
      assert.deepEqual(await takeAllLeft(second, clock), [5, 60_000]);
    },
  },
  {
    name: 'follows the vendor’s statements alone if no limit is declared',
    settings,
    async prove(first, _second, clock) {
      const undeclared = {};
      first.observe('k', undeclared, { remaining: 3, resetAt: clock.now() + 9_000 });
      assert.deepEqual(await takeAllLeft(first, clock, 'k', undeclared), [3, 9_000]);
    },
  },
  {
    name: 'grants no more than its own count allows, even if the vendor says that more is left',
    settings,
    async prove(first, _second, clock) {
      for (let n = 0; n < 3; n += 1) await first.take('k', limit, { signal, deadlineAt: clock.now() }, () => {});
      first.observe('k', limit, { remaining: 100, resetAt: clock.now() + 60_000 });
      assert.deepEqual(await takeAllLeft(first, clock), [2, 60_000]);
    },
  },
  {
    name: 'frees nothing after a late answer, from this window or an earlier one',
    settings,
    async prove(first, second, clock) {
      first.observe('k', limit, { remaining: 1, resetAt: clock.now() + 30_000 });
      first.observe('k', limit, { remaining: 4, resetAt: clock.now() + 30_000 });
      first.observe('k', limit, { remaining: 0, resetAt: clock.now() + 1_000 });
      assert.deepEqual(await takeAllLeft(first, clock), [1, 30_000]);
      await clock.advance(1_000);
      assert.deepEqual(await takeAllLeft(first, clock), [0, 29_000]);
      first.observe('k', limit, { remaining: 4, resetAt: clock.now() - 1 });
      assert.deepEqual(await takeAllLeft(first, clock), [0, 29_000]);
      // A vendor that moves the end of its window also moves it when nothing is left.
      first.observe('k', limit, { remaining: 0, resetAt: clock.now() + 40_000 });
      assert.deepEqual(await takeAllLeft(first, clock), [0, 40_000]);
      assert.equal((await takeAllLeft(second, clock))[0], 0);
    },
  },
  {
    name: 'stays closed in every replica until the time that a refusal names, and only a later time moves it',
    settings,
    async prove(first, second, clock) {
      first.observe('k', limit, { closedUntil: clock.now() + 12_000 });
      first.observe('k', limit, { closedUntil: clock.now() + 3_000 });
      first.observe('k', limit, { remaining: 4, resetAt: clock.now() + 3_000 });
      assert.deepEqual(await takeAllLeft(first, clock), [0, 12_000]);
      assert.deepEqual(await takeAllLeft(second, clock), [0, 12_000]);
      const waits: number[] = [];
      const until = { signal, deadlineAt: clock.now() + 12_001 };
      let granted = false;
      const waiting = second.take('k', limit, until, (ms) => waits.push(ms)).then(() => (granted = true));
      await takeAllLeft(second, clock, 'barrier');
      for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
      assert.deepEqual([waits, granted], [[12_000], false]);
      await clock.advance(12_000);
      await waiting;
    },
  },
  {
    name: 'follows the limit that the vendor states, larger or smaller than the declared limit',
    settings,
    async prove(first, second, clock) {
      first.observe('larger', limit, { limit: 8 });
      first.observe('smaller', limit, { limit: 3 });
      assert.deepEqual(await takeAllLeft(first, clock, 'larger'), [8, 60_000]);
      assert.deepEqual(await takeAllLeft(first, clock, 'smaller'), [3, 60_000]);
      await clock.advance(60_000);
      assert.equal((await takeAllLeft(second, clock, 'larger'))[0], 8);
    },
  },
  {
    name: 'lets waiting requests continue once the vendor states a larger limit',
    settings,
    async prove(first, _second, clock) {
      const narrow = { requests: 1, windowMs: 60_000 };
      await first.take('k', narrow, { signal, deadlineAt: clock.now() }, () => {});
      const waiting = first.take('k', narrow, { signal, deadlineAt: Number.POSITIVE_INFINITY }, () => {});
      await takeAllLeft(first, clock, 'barrier');
      first.observe('k', narrow, { limit: 2 });
      await waiting;
    },
  },
  {
    name: 'tries the vendor again after a minute if it names no time, and after an hour at the latest',
    settings,
    async prove(first, _second, clock) {
      const daily = { requests: 5, windowMs: 86_400_000 };
      first.observe('k', daily, { remaining: 0 });
      assert.deepEqual(await takeAllLeft(first, clock, 'k', daily), [0, 60_000]);
      first.observe('closed', limit, { closedUntil: clock.now() + 86_400_000 });
      assert.deepEqual(await takeAllLeft(first, clock, 'closed'), [0, 3_600_000]);
      await clock.advance(60_000);
      assert.deepEqual(await takeAllLeft(first, clock, 'k', daily), [5, 86_400_000]);
      // The budget's own count continues.
      first.observe('k', daily, { remaining: 9 });
      assert.deepEqual(await takeAllLeft(first, clock, 'k', daily), [0, 86_400_000]);
    },
  },
];
