import { expect, test } from 'vitest';
import { DeadlineEntry, Deadlines } from '../../src/call/deadlines.ts';
import { manualClock } from '../../src/testing/manual-clock.ts';

class TestEntry extends DeadlineEntry {
  readonly #onExpire: () => void;

  constructor(startedAt: number, timeoutMs: number, onExpire: () => void) {
    super(startedAt, timeoutMs);
    this.#onExpire = onExpire;
  }

  override expire(): void {
    this.#onExpire();
  }
}

function watchedDeadlines(timeoutMs: number) {
  const clock = manualClock();
  const deadlines = new Deadlines<TestEntry>(clock);
  const expired: [string, number][] = [];
  const add = (name: string) => {
    const entry = new TestEntry(clock.now(), timeoutMs, () => void expired.push([name, clock.elapsed()]));
    deadlines.add(entry);
    return () => deadlines.delete(entry);
  };
  return { clock, deadlines, expired, add };
}

test('a correction of the clock neither delays nor hastens an end', async () => {
  const { clock, expired, add } = watchedDeadlines(1_000);
  add('before');
  clock.adjust(-3_600_000);
  await clock.advance(500);
  add('after');
  clock.adjust(7_200_000);
  await clock.advance(1_000);
  expect(expired).toEqual([
    ['before', 1_000],
    ['after', 1_500],
  ]);
});

test.each([300, 1_000, 30_000])('each entry expires once, %i ms after it began, whenever it began', async (timeoutMs) => {
  const { clock, expired, add } = watchedDeadlines(timeoutMs);
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

test('a deleted entry does not expire', async () => {
  const { clock, expired, add } = watchedDeadlines(5_000);
  const remove = add('first');
  add('second');
  await clock.advance(4_999);
  remove();
  await clock.advance(10_000);
  expect(expired.map(([name]) => name)).toEqual(['second']);
});

test('entries stay watched while others are deleted, in any order and even twice', async () => {
  const { clock, deadlines, expired, add } = watchedDeadlines(5_000);
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(add);
  for (const remove of [b, b, e, a]) remove?.();
  expect([...deadlines.running]).toHaveLength(2);
  d?.();
  await clock.advance(5_000);
  c?.();
  expect(expired.map(([name]) => name)).toEqual(['c']);
  expect([...deadlines.running]).toEqual([]);
});

test('entries may be deleted during an iteration over the watched entries', () => {
  const { deadlines, add } = watchedDeadlines(5_000);
  for (const name of ['a', 'b', 'c']) add(name);
  for (const entry of deadlines.running) deadlines.delete(entry);
  expect(deadlines.running).toEqual([]);
});

test('one timer watches all entries, and ends a second after the last entry, or at once on close', async () => {
  const { clock, deadlines, add } = watchedDeadlines(5_000);
  const removes = Array.from({ length: 100 }, (_, index) => add(String(index)));
  expect(clock.sleeping).toBe(1);
  for (const remove of removes) remove();
  await clock.advance(1_000);
  expect(clock.sleeping).toBe(0);
  add('last');
  deadlines.close();
  expect(clock.sleeping).toBe(0);
});
