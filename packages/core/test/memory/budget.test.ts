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
