import assert from 'node:assert/strict';
import type { Clock } from '../../clock.ts';
import type { UpstreamLimit } from '../../connector/connector.ts';
import type { Budget } from '../../ports/budget.ts';
import type { ManualClock } from '../manual-clock.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';
import { observationGuarantees } from './observation-guarantees.ts';
import { sharedChecks, type SharedGuarantee } from './shared-guarantee.ts';

/** The settings of a check. */
export interface BudgetCheckSettings {
  /** The maximum number of requests of one replica that may wait for one budget. One user may have half as many waiting. Default 100. */
  readonly maxWaiting?: number | undefined;
}

const signal = new AbortController().signal;
const noWait = (): void => {};
const settings = {};

/** Waits until these budgets have handled all earlier requests: they answer in order. */
async function answered(clock: Clock, ...budgets: readonly Budget[]): Promise<void> {
  const limit = { requests: 1_000_000, windowMs: 3_600_000 };
  for (const budget of budgets) await budget.take('barrier', limit, { signal, deadlineAt: clock.now() }, noWait);
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** Moves the clock, by 10 s at most, until a condition holds. */
async function waitUntil(isMet: () => boolean, clock: ManualClock, ...budgets: readonly Budget[]): Promise<void> {
  for (let step = 0; step < 100 && !isMet(); step += 1) {
    await clock.advance(100);
    await answered(clock, ...budgets);
  }
  assert.ok(isMet(), 'The condition was not met within 10 s.');
}

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    (error as { code?: unknown }).code === code;

const guarantees: readonly SharedGuarantee<Budget, BudgetCheckSettings>[] = [
  {
    name: 'grants as many requests as a window has, and the next request when a new window begins',
    settings,
    async prove(first, second, clock) {
      const limit = { requests: 2, windowMs: 1_000 };
      const until = { signal, deadlineAt: Number.POSITIVE_INFINITY };
      const waits: number[] = [];
      const onWait = (ms: number) => waits.push(ms);
      await first.take('k', limit, until, onWait);
      await clock.advance(400);
      await second.take('k', limit, until, onWait);
      let third = false;
      const waiting = first.take('k', limit, until, onWait).then(() => (third = true));
      await answered(clock, first);
      assert.deepEqual(waits, [600]);
      await clock.advance(599);
      await answered(clock, first);
      assert.equal(third, false);
      await clock.advance(1);
      await waiting;
      assert.deepEqual(waits, [600]);
    },
  },
  {
    name: 'keeps the budgets of keys apart',
    settings,
    async prove(first, second, clock) {
      const limit = { requests: 1, windowMs: 1_000, concurrent: 1 };
      const until = { signal, deadlineAt: clock.now() };
      await first.take('a', limit, until, noWait);
      await second.take('b', limit, until, noWait);
    },
  },
  {
    name: 'refuses a request at once if its turn would come after its deadline, and does not count it',
    settings,
    async prove(first, second, clock) {
      const limit = { requests: 1, windowMs: 1_000 };
      const take = (budget: Budget, ms: number) => budget.take('k', limit, { signal, deadlineAt: clock.now() + ms }, noWait);
      await take(first, 1);
      for (let n = 0; n < 3; n += 1) {
        await assert.rejects(take(second, 1_000), (error: { code?: string; retryAfterMs?: number; executed?: unknown }) => {
          assert.deepEqual([error.code, error.retryAfterMs, error.executed], ['RATE_LIMITED', 1_000, 'no']);
          return true;
        });
      }
      await clock.advance(1_000);
      await take(second, 1);
    },
  },
  {
    name: 'grants exactly 100 of 200 concurrent requests in a window of 100',
    settings,
    async prove(first, second, clock) {
      const until = { signal, deadlineAt: clock.now() };
      const taken = await Promise.allSettled(
        Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? first : second).take('k', { requests: 100, windowMs: 60_000 }, until, noWait)),
      );
      assert.equal(taken.filter(({ status }) => status === 'fulfilled').length, 100);
      assert.ok(taken.every((result) => result.status === 'fulfilled' || hasCode('RATE_LIMITED')(result.reason)));
    },
  },
  {
    name: 'runs no more requests at a time than its limit, until all 40 have run',
    settings,
    async prove(first, second, clock) {
      let running = 0;
      let most = 0;
      let ran = 0;
      const until = { signal, deadlineAt: Number.POSITIVE_INFINITY };
      const all = Array.from({ length: 40 }, async (_, n) => {
        const budget = n % 2 === 0 ? first : second;
        const release = await budget.take('k', { concurrent: 3 }, until, noWait);
        running += 1;
        most = Math.max(most, running);
        await answered(clock, budget);
        running -= 1;
        ran += 1;
        release();
      });
      const ended = Promise.all(all);
      ended.catch(() => {});
      await waitUntil(() => ran === 40, clock, first, second);
      await ended;
      assert.equal(most, 3);
    },
  },
  {
    name: 'gives a released slot to the request of a replica that waited longest, and counts a repeated release once',
    settings,
    async prove(first, _second, clock) {
      const order: string[] = [];
      const until = { signal, deadlineAt: Number.POSITIVE_INFINITY };
      const take = (name: string) => first.take('k', { concurrent: 1 }, until, noWait).then((release) => (order.push(name), release));
      const release = await take('first');
      const second = take('second');
      await answered(clock, first);
      const abort = new AbortController();
      const leaving = first.take('k', { concurrent: 1 }, { ...until, signal: abort.signal }, noWait).catch((reason: unknown) => reason);
      await answered(clock, first);
      const third = take('third');
      await answered(clock, first);
      abort.abort('gone');
      assert.equal(await leaving, 'gone');
      release();
      release();
      const releaseSecond = await second;
      const fourth = take('fourth');
      await answered(clock, first);
      assert.deepEqual(order, ['first', 'second']);
      releaseSecond();
      (await third)();
      (await fourth)();
      assert.deepEqual(order, ['first', 'second', 'third', 'fourth']);
    },
  },
  {
    name: 'gives a slot that one replica releases to a request that waits in another',
    settings,
    async prove(first, second, clock) {
      const until = { signal, deadlineAt: Number.POSITIVE_INFINITY };
      const release = await first.take('k', { concurrent: 1 }, until, noWait);
      let got = false;
      const waiting = second.take('k', { concurrent: 1 }, until, noWait).then(() => (got = true));
      await answered(clock, second);
      assert.equal(got, false);
      release();
      await waitUntil(() => got, clock, first, second);
      await waiting;
    },
  },
  {
    name: 'lets an aborted request leave the queue and the window without cost to others',
    settings,
    async prove(first, second, clock) {
      const abort = new AbortController();
      const until = { signal, deadlineAt: Number.POSITIVE_INFINITY };
      const aborted = { ...until, signal: abort.signal };
      const release = await first.take('k', { concurrent: 1 }, until, noWait);
      await first.take('w', { requests: 1, windowMs: 10_000 }, until, noWait);
      const queued = first.take('k', { concurrent: 1 }, aborted, noWait);
      const behind = first.take('k', { concurrent: 1 }, until, noWait);
      const waitingForWindow = second.take('w', { requests: 1, windowMs: 10_000 }, aborted, noWait);
      const late = second.take(
        'w',
        { requests: 1, windowMs: 10_000 },
        { ...until, signal: AbortSignal.abort(new Error('enough')) },
        noWait,
      );
      await assert.rejects(late, /enough/);
      const ended = Promise.allSettled([queued, waitingForWindow]);
      await answered(clock, first, second);
      const enough = new Error('enough');
      abort.abort(enough);
      assert.deepEqual(
        (await ended).map((result) => result.status === 'rejected' && result.reason === enough),
        [true, true],
      );
      release();
      (await behind)();
      await clock.advance(10_000);
      await first.take('w', { requests: 1, windowMs: 10_000 }, { signal, deadlineAt: clock.now() }, noWait);
      await answered(clock, first);
      assert.equal(clock.sleeping, 0);
    },
  },
  {
    name: 'refuses waiting requests beyond its bound with OVERLOADED, in the queue and for the window',
    settings: { maxWaiting: 1 },
    async prove(first, _second, clock) {
      const until = { signal, deadlineAt: Number.POSITIVE_INFINITY };
      const release = await first.take('k', { concurrent: 1 }, until, noWait);
      const queued = first.take('k', { concurrent: 1 }, until, noWait);
      await answered(clock, first);
      await assert.rejects(first.take('k', { concurrent: 1 }, until, noWait), hasCode('OVERLOADED'));
      release();
      (await queued)();
      const limit = { requests: 1, windowMs: 1_000 };
      await first.take('w', limit, until, noWait);
      const waitingForWindow = first.take('w', limit, until, noWait);
      await answered(clock, first);
      await assert.rejects(first.take('w', limit, until, noWait), hasCode('OVERLOADED'));
      await clock.advance(1_000);
      await waitingForWindow;
    },
  },
  {
    name: 'lets waiting users take turns, in the queue and for the window',
    settings,
    async prove(first, _second, clock) {
      const order: string[] = [];
      const all: Promise<unknown>[] = [];
      const join = (key: string, limit: UpstreamLimit, user: string, name: string): void => {
        const until = { signal, deadlineAt: Number.POSITIVE_INFINITY, user };
        const served = first.take(key, limit, until, noWait).then(async (release) => {
          order.push(name);
          await answered(clock, first);
          release();
        });
        served.catch(() => {});
        all.push(served);
      };
      const eager = { signal, deadlineAt: Number.POSITIVE_INFINITY, user: 'a' };
      const release = await first.take('k', { concurrent: 1 }, eager, noWait);
      for (const name of ['a0', 'a1', 'a2', 'a3']) join('k', { concurrent: 1 }, 'a', name);
      for (const name of ['b', 'c']) join('k', { concurrent: 1 }, name, name);
      await answered(clock, first);
      release();
      await waitUntil(() => order.length === 6, clock, first);
      assert.deepEqual(order, ['a0', 'b', 'c', 'a1', 'a2', 'a3']);
      order.length = 0;
      const limit = { requests: 2, windowMs: 1_000 };
      for (let n = 0; n < 2; n += 1) await first.take('w', limit, eager, noWait);
      for (const name of ['a0', 'a1', 'a2']) join('w', limit, 'a', name);
      join('w', limit, 'b', 'b');
      await answered(clock, first);
      await clock.advance(1_000);
      await waitUntil(() => order.length >= 2, clock, first);
      assert.deepEqual(order, ['a0', 'b']);
      await clock.advance(1_000);
      await Promise.all(all);
    },
  },
  {
    name: 'lets one user fill at most half of the queue',
    settings: { maxWaiting: 2 },
    async prove(first, _second, clock) {
      const until = (user: string) => ({ signal, deadlineAt: Number.POSITIVE_INFINITY, user });
      const limit = { concurrent: 1 };
      const release = await first.take('k', limit, until('a'), noWait);
      const waiting = first.take('k', limit, until('a'), noWait);
      await answered(clock, first);
      await assert.rejects(first.take('k', limit, until('a'), noWait), hasCode('OVERLOADED'));
      const second = first.take('k', limit, until('b'), noWait);
      await answered(clock, first);
      await assert.rejects(first.take('k', limit, until('c'), noWait), hasCode('OVERLOADED'));
      release();
      (await waiting)();
      (await second)();
    },
  },
  ...observationGuarantees,
];

/**
 * Returns the guarantees of `Budget` as checks. `open` creates a fresh budget that uses the given clock. Checks may run at the same time if
 * the opened budgets share nothing.
 */
export function budgetChecks(open: (settings: BudgetCheckSettings, clock: Clock) => Promise<OpenedStore<Budget>>): readonly StoreCheck[] {
  return sharedChecks(guarantees, open);
}
