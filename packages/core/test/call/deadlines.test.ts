import { expect, test } from 'vitest';
import { Deadlines } from '../../src/call/deadlines.ts';
import { manualClock } from '../../src/testing/manual-clock.ts';

function watched(timeoutMs: number) {
  const clock = manualClock();
  const deadlines = new Deadlines(clock);
  const startedAt = clock.now();
  const expired: [string, number][] = [];
  const add = (name: string) => {
    const timed = { index: -1, deadlineAt: clock.now() + timeoutMs, expire: () => void expired.push([name, clock.now() - startedAt]) };
    deadlines.add(timed);
    return () => deadlines.delete(timed);
  };
  return { clock, deadlines, expired, add };
}

test.each([300, 1_000, 30_000])('each expires once, when its %i ms are over, whenever it began', async (timeoutMs) => {
  const { clock, expired, add } = watched(timeoutMs);
  add('first');
  await clock.advance(70);
  add('second');
  await clock.advance(2 * timeoutMs);
  add('third');
  await clock.advance(timeoutMs);
  expect(expired).toEqual([
    ['first', timeoutMs],
    ['second', timeoutMs + 70],
    ['third', 3 * timeoutMs + 70],
  ]);
});

test('what was deleted does not expire', async () => {
  const { clock, expired, add } = watched(5_000);
  const remove = add('first');
  add('second');
  await clock.advance(4_999);
  remove();
  await clock.advance(10_000);
  expect(expired.map(([name]) => name)).toEqual(['second']);
});

test('whoever leaves, in any order and even twice, the others stay watched', async () => {
  const { clock, deadlines, expired, add } = watched(5_000);
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(add);
  for (const remove of [b, b, e, a]) remove?.();
  expect([...deadlines.running]).toHaveLength(2);
  d?.();
  await clock.advance(5_000);
  c?.();
  expect(expired.map(([name]) => name)).toEqual(['c']);
  expect([...deadlines.running]).toEqual([]);
});

test('what is watched may leave while it is gone through', () => {
  const { deadlines, add } = watched(5_000);
  for (const name of ['a', 'b', 'c']) add(name);
  for (const timed of deadlines.running) deadlines.delete(timed);
  expect(deadlines.running).toEqual([]);
});

test('one timer watches all, and is gone a second after the last, or at once where it is closed', async () => {
  const { clock, deadlines, add } = watched(5_000);
  const removes = Array.from({ length: 100 }, (_, index) => add(String(index)));
  expect(clock.sleeping).toBe(1);
  for (const remove of removes) remove();
  await clock.advance(1_000);
  expect(clock.sleeping).toBe(0);
  add('last');
  deadlines.close();
  expect(clock.sleeping).toBe(0);
});
