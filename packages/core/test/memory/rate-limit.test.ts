import { expect, test } from 'vitest';
import { memoryRateLimit } from '../../src/index.ts';
import { manualClock, rateLimitChecks } from '../../src/testing/index.ts';

const checks = rateLimitChecks(async (rules, clock) => ({ first: memoryRateLimit(rules, { clock }), close: async () => {} }));
test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

test('forgets the idlest key at its bound, so that a flood of keys does not shut out others', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([{ limit: 1, windowMs: 60_000 }], { clock, maxKeys: 1_000 });
  await limit.take('busy');
  for (let key = 0; key < 100_000; key += 1) if (!(await limit.take(`flood ${key}`)).allowed) throw new Error(`refused ${key}`);
  expect(await limit.take('new')).toMatchObject({ allowed: true });
  expect(await limit.take('new')).toMatchObject({ allowed: false });
  // The last keys are still counted.
  expect(await limit.take('flood 99999')).toMatchObject({ allowed: false });
});

test('a key stays counted while it is used, however many others come', async () => {
  const clock = manualClock();
  const rules = [
    { limit: 2, windowMs: 60_000 },
    { limit: 3, windowMs: 3_600_000 },
  ];
  const limit = memoryRateLimit(rules, { clock, maxKeys: 10 });
  for (let minute = 0; minute < 3; minute += 1) {
    expect((await limit.take('used')).allowed).toBe(true);
    for (let key = 0; key < 9; key += 1) await limit.take(`${minute} ${key}`);
    await clock.advance(60_000);
  }
  expect(await limit.take('used')).toMatchObject({ allowed: false, rule: rules[1] });
});

test('a correction of the clock neither locks a key nor frees it', async () => {
  const clock = manualClock();
  const limit = memoryRateLimit([{ limit: 1, windowMs: 60_000 }], { clock });
  await limit.take('a');
  clock.adjust(-3_600_000);
  expect(await limit.take('a')).toMatchObject({ allowed: false, resetMs: 60_000 });
  clock.adjust(7_200_000);
  await clock.advance(59_999);
  expect((await limit.take('a')).allowed).toBe(false);
  await clock.advance(1);
  expect((await limit.take('a')).allowed).toBe(true);
});

test('refuses rules that limit nothing', () => {
  expect(() => memoryRateLimit([])).toThrow(TypeError);
  expect(() => memoryRateLimit([{ limit: 0, windowMs: 1_000 }])).toThrow(TypeError);
  expect(() => memoryRateLimit([{ limit: 1, windowMs: 0 }])).toThrow(TypeError);
});
