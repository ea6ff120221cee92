import { manualClock } from '@busbar/core/testing';
import { expect, test } from 'vitest';
import { remembered } from '../../src/http/remembered.ts';

test('reads once in the interval, for all callers', async () => {
  const clock = manualClock();
  let reads = 0;
  const read = remembered(clock, 1_000, async () => (reads += 1));
  expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
  await clock.advance(999);
  expect(await read()).toBe(1);
  await clock.advance(1);
  expect(await read()).toBe(2);
});

test('does not remember a failure', async () => {
  let fails = true;
  const read = remembered(manualClock(), 1_000, async () => {
    if (fails) throw new Error('down');
    return 'up';
  });
  await expect(read()).rejects.toThrow('down');
  fails = false;
  expect(await read()).toBe('up');
});
