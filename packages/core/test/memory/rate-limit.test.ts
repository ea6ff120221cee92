import { expect, test } from 'vitest';
import { memoryRateLimit } from '../../src/index.ts';
import { manualClock, rateLimitChecks } from '../../src/testing/index.ts';

const checks = rateLimitChecks(async (rules, clock) => ({ first: memoryRateLimit(rules, { clock }), close: async () => {} }));
test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

test('refuses new keys at its bound, and still counts active keys', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([{ limit: 2, windowMs: 60_000 }], { clock, maxKeys: 2 });
  await limit.take('a');
  await limit.take('b');
  expect(await limit.take('new')).toMatchObject({ allowed: false, remaining: 0 });
  expect((await limit.take('a')).allowed).toBe(true);
  expect((await limit.take('a')).allowed).toBe(false);
  expect((await limit.take('b')).allowed).toBe(true);
});

test('drops idle keys at its bound', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([{ limit: 1, windowMs: 60_000 }], { clock, maxKeys: 2 });
  await limit.take('a');
  await clock.advance(30_000);
  await limit.take('b');
  await clock.advance(30_000);
  expect((await limit.take('new')).allowed).toBe(true);
  expect((await limit.take('b')).allowed).toBe(false);
  // The limit sweeps its keys at most once a second.
  await clock.advance(500);
  expect(await limit.take('newer')).toMatchObject({ allowed: false, resetMs: 500 });
});

test('refuses rules that limit nothing', () => {
  expect(() => memoryRateLimit([])).toThrow(TypeError);
  expect(() => memoryRateLimit([{ limit: 0, windowMs: 1_000 }])).toThrow(TypeError);
  expect(() => memoryRateLimit([{ limit: 1, windowMs: 0 }])).toThrow(TypeError);
});
