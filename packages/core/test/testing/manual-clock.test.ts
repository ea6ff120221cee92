import { expect, test } from 'vitest';
import { manualClock } from '../../src/testing/index.ts';

const live = new AbortController().signal;

test('does not move by itself', async () => {
  const clock = manualClock(1_000);
  expect(clock.now()).toBe(1_000);
  await clock.advance(50);
  expect(clock.now()).toBe(1_050);
});

test('ends sleeps in the order of their times, each at its own time', async () => {
  const clock = manualClock(0);
  const ended: string[] = [];
  for (const [name, ms] of [
    ['late', 30],
    ['early', 10],
    ['as early', 10],
  ] as const) {
    void clock.sleep(ms, live).then(() => ended.push(`${name} @${clock.now()}`));
  }
  await clock.advance(29);
  expect(ended).toEqual(['early @10', 'as early @10']);
  await clock.advance(1);
  expect(ended).toEqual(['early @10', 'as early @10', 'late @30']);
});

test('ends sleeps that begin while it moves, and runs long chains of promises in between', async () => {
  const clock = manualClock(0);
  const ticks: number[] = [];
  const run = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(10, live);
      for (let hop = 0; hop < 100; hop += 1) await Promise.resolve();
      ticks.push(clock.now());
    }
  };
  void run();
  await clock.advance(35);
  expect(ticks).toEqual([10, 20, 30]);
});

test('rejects a sleep at once with the reason of its signal, and stops counting it', async () => {
  const clock = manualClock();
  const waiter = new AbortController();
  const sleep = clock.sleep(1_000, waiter.signal);
  expect(clock.sleeping).toBe(1);
  waiter.abort(new Error('enough'));
  await expect(sleep).rejects.toThrow('enough');
  await expect(clock.sleep(1, waiter.signal)).rejects.toThrow('enough');
  expect(clock.sleeping).toBe(0);
});
