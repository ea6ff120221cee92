import { expect, test } from 'vitest';
import { memoryBudget } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';

const until = (deadlineAt = Number.POSITIVE_INFINITY, signal = new AbortController().signal) => ({ deadlineAt, signal });
const noWait = (): void => {};

test('gives so many places in a window, and the next one when it begins anew', async () => {
  const clock = manualClock();
  const budget = memoryBudget({ clock });
  const limit = { requests: 2, windowMs: 1_000 };
  const waits: number[] = [];
  const take = () => budget.take('k', limit, until(), (ms) => waits.push(ms));
  await take();
  await clock.advance(400);
  await take();
  let third = false;
  const waiting = take().then(() => (third = true));
  await clock.advance(599);
  expect(third).toBe(false);
  await clock.advance(1);
  await waiting;
  expect(waits).toEqual([600]);
});

test('keys do not share a budget', async () => {
  const budget = memoryBudget({ clock: manualClock() });
  const limit = { requests: 1, windowMs: 1_000 };
  await budget.take('a', limit, until(), noWait);
  await expect(budget.take('b', limit, until(0), noWait)).resolves.toBeTypeOf('function');
});

test('refuses at once what would come after the deadline', async () => {
  const clock = manualClock();
  const budget = memoryBudget({ clock });
  const limit = { requests: 1, windowMs: 1_000 };
  await budget.take('k', limit, until(), noWait);
  await expect(budget.take('k', limit, until(clock.now() + 999), noWait)).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    retryAfterMs: 1_000,
  });
});

test('so many run at a time; a place that is given back goes to the one that waited longest; giving back twice counts once', async () => {
  const budget = memoryBudget({ clock: manualClock() });
  const order: string[] = [];
  const release = await budget.take('k', { concurrent: 1 }, until(), noWait);
  const second = budget.take('k', { concurrent: 1 }, until(), noWait).then((done) => (order.push('second'), done));
  const third = budget.take('k', { concurrent: 1 }, until(), noWait).then((done) => (order.push('third'), done));
  release();
  release();
  const releaseSecond = await second;
  await new Promise((resolve) => void setImmediate(resolve));
  expect(order).toEqual(['second']);
  releaseSecond();
  await third;
  expect(order).toEqual(['second', 'third']);
});

test('an abort leaves the queue and the window', async () => {
  const clock = manualClock();
  const budget = memoryBudget({ clock });
  const abort = new AbortController();
  const release = await budget.take('k', { concurrent: 1 }, until(), noWait);
  const queued = budget.take('k', { concurrent: 1 }, until(Number.POSITIVE_INFINITY, abort.signal), noWait);
  await budget.take('w', { requests: 1, windowMs: 10 }, until(), noWait);
  const asleep = budget.take('w', { requests: 1, windowMs: 10 }, until(Number.POSITIVE_INFINITY, abort.signal), noWait);
  const ended = Promise.all([expect(queued).rejects.toThrow('enough'), expect(asleep).rejects.toThrow('enough')]);
  await clock.advance(0);
  abort.abort(new Error('enough'));
  await ended;
  expect(clock.sleeping).toBe(0);
  release();
  await budget.take('k', { concurrent: 1 }, until(), noWait);
});

test('refuses more waiting than its bound, in the queue and for the window', async () => {
  const clock = manualClock();
  const budget = memoryBudget({ clock, maxWaiting: 1 });
  await budget.take('k', { concurrent: 1 }, until(), noWait);
  void budget.take('k', { concurrent: 1 }, until(), noWait);
  await expect(budget.take('k', { concurrent: 1 }, until(), noWait)).rejects.toMatchObject({ code: 'OVERLOADED' });
  await budget.take('w', { requests: 1, windowMs: 1_000 }, until(), noWait);
  const asleep = budget.take('w', { requests: 1, windowMs: 1_000 }, until(), noWait);
  await clock.advance(0);
  await expect(budget.take('w', { requests: 1, windowMs: 1_000 }, until(), noWait)).rejects.toMatchObject({ code: 'OVERLOADED' });
  await clock.advance(1_000);
  await asleep;
});

test('forgets the longest unused budget beyond its bound, but none with requests running', async () => {
  const budget = memoryBudget({ clock: manualClock(), maxKeys: 2 });
  const limit = { requests: 1, windowMs: 1_000 };
  await budget.take('held', { ...limit, concurrent: 1 }, until(), noWait);
  (await budget.take('old', limit, until(), noWait))();
  (await budget.take('new', limit, until(), noWait))();
  (await budget.take('old', limit, until(), noWait))();
  await expect(budget.take('held', { ...limit, concurrent: 2 }, until(0), noWait)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
});
