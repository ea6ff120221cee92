import { expect, test } from 'vitest';
import { memoryBudget } from '../../src/index.ts';
import { budgetChecks, manualClock } from '../../src/testing/index.ts';

const signal = new AbortController().signal;
const until = { signal, deadlineAt: Number.POSITIVE_INFINITY };
const noWait = (): void => {};

const checks = budgetChecks(async (settings, clock) => ({ first: memoryBudget({ clock, ...settings }), close: async () => {} }));
test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

test('drops the least recently used budget at its bound, but none with running requests', async () => {
  const budget = memoryBudget({ clock: manualClock(), maxKeys: 2 });
  const limit = { requests: 1, windowMs: 1_000 };
  await budget.take('held', { ...limit, concurrent: 1 }, until, noWait);
  (await budget.take('old', limit, until, noWait))();
  (await budget.take('new', limit, until, noWait))();
  (await budget.take('old', limit, until, noWait))();
  await expect(budget.take('held', { ...limit, concurrent: 2 }, { signal, deadlineAt: 0 }, noWait)).rejects.toMatchObject({
    code: 'RATE_LIMITED',
  });
});

test.each([-3_600_000, 3_600_000])(
  'a correction of the clock by %i ms neither prolongs a window nor a refusal of the vendor',
  async (ms) => {
    const clock = manualClock();
    const budget = memoryBudget({ clock });
    const limit = { requests: 1, windowMs: 60_000 };
    const take = (key: string) => budget.take(key, limit, { signal, deadlineAt: clock.now() + 1 }, noWait);
    await take('window');
    budget.observe('closed', limit, { closedUntil: clock.now() + 60_000 });
    clock.adjust(ms);
    for (const key of ['window', 'closed']) await expect(take(key)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 60_000 });
    await clock.advance(60_000);
    for (const key of ['window', 'closed']) (await take(key))();
  },
);
