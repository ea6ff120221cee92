import { expect, test } from 'vitest';
import { memoryRateLimit } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';

const perMinute = { limit: 3, windowMs: 60_000 };
const perHour = { limit: 5, windowMs: 3_600_000 };

test('lets the limit through, says what is left, then refuses until the window ends', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([perMinute], { clock });
  const remaining: number[] = [];
  for (let n = 0; n < 3; n += 1) remaining.push((await limit.take('a')).remaining);
  expect(remaining).toEqual([2, 1, 0]);
  await clock.advance(10_000);
  expect(await limit.take('a')).toEqual({ allowed: false, rule: perMinute, remaining: 0, resetMs: 50_000 });
  await clock.advance(49_999);
  expect((await limit.take('a')).allowed).toBe(false);
  await clock.advance(1);
  expect(await limit.take('a')).toEqual({ allowed: true, rule: perMinute, remaining: 2, resetMs: 60_000 });
});

test('keys do not share a limit', async () => {
  const limit = memoryRateLimit([{ limit: 1, windowMs: 1_000 }], { clock: manualClock() });
  await limit.take('a');
  expect((await limit.take('a')).allowed).toBe(false);
  expect((await limit.take('b')).allowed).toBe(true);
});

test('all rules must let it pass, and the one that refuses is told', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([perMinute, perHour], { clock });
  for (let n = 0; n < 3; n += 1) await limit.take('a');
  expect((await limit.take('a')).rule).toBe(perMinute);
  await clock.advance(60_000);
  for (let n = 0; n < 2; n += 1) expect((await limit.take('a')).allowed).toBe(true);
  expect(await limit.take('a')).toEqual({ allowed: false, rule: perHour, remaining: 0, resetMs: 3_540_000 });
});

test('a refused request counts under no rule', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([perMinute, perHour], { clock });
  for (let n = 0; n < 50; n += 1) await limit.take('a');
  await clock.advance(60_000);
  expect((await limit.take('a')).allowed).toBe(true);
  expect((await limit.take('a')).allowed).toBe(true);
  expect((await limit.take('a')).rule).toBe(perHour);
});

test('of two rules that let it pass the one with less left is told', async () => {
  const limit = memoryRateLimit([perMinute, perHour], { clock: manualClock() });
  expect(await limit.take('a')).toMatchObject({ rule: perMinute, remaining: 2 });
});

test('of two rules that refuse the one that lasts longer is told', async () => {
  const long = { limit: 1, windowMs: 10_000 };
  const limit = memoryRateLimit([{ limit: 1, windowMs: 1_000 }, long], { clock: manualClock() });
  await limit.take('a');
  expect(await limit.take('a')).toMatchObject({ allowed: false, rule: long, resetMs: 10_000 });
});

test('at its bound refuses new keys, and counts on for those that are active', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([{ limit: 2, windowMs: 60_000 }], { clock, maxKeys: 2 });
  await limit.take('a');
  await limit.take('b');
  expect(await limit.take('new')).toMatchObject({ allowed: false, remaining: 0 });
  expect((await limit.take('a')).allowed).toBe(true);
  expect((await limit.take('a')).allowed).toBe(false);
  expect((await limit.take('b')).allowed).toBe(true);
});

test('at its bound the idle keys make room', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([{ limit: 1, windowMs: 60_000 }], { clock, maxKeys: 2 });
  await limit.take('a');
  await clock.advance(30_000);
  await limit.take('b');
  await clock.advance(30_000);
  expect((await limit.take('new')).allowed).toBe(true);
  expect((await limit.take('b')).allowed).toBe(false);
  // Keys are looked through at most once a second.
  await clock.advance(500);
  expect(await limit.take('newer')).toMatchObject({ allowed: false, resetMs: 500 });
});

test('refuses rules that limit nothing', () => {
  expect(() => memoryRateLimit([])).toThrow(TypeError);
  expect(() => memoryRateLimit([{ limit: 0, windowMs: 1_000 }])).toThrow(TypeError);
  expect(() => memoryRateLimit([{ limit: 1, windowMs: 0 }])).toThrow(TypeError);
});
