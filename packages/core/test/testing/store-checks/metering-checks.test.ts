import { expect, test } from 'vitest';
import { memoryMetering } from '../../../src/index.ts';
import { meteringChecks } from '../../../src/testing/index.ts';
import { brokenMeterings, refusesDuplicates } from './metering-mutants.ts';

test.each(brokenMeterings)('the checks find a metering that %s', async (_, breaks, guarantee) => {
  const checks = meteringChecks(async (policy) => ({ first: breaks(memoryMetering(policy), policy), close: async () => {} }));
  const chosen = checks.filter(({ name }) => name.includes(guarantee));
  expect(chosen).not.toEqual([]);
  const results = await Promise.all(chosen.map(({ run }) => outcomeOf(run())));
  expect(results.filter((result) => result !== 'passed')).not.toEqual([]);
});

test('two handles that share nothing fail every check that uses both', async () => {
  const checks = meteringChecks(async (policy) => ({
    first: memoryMetering(policy),
    second: memoryMetering(policy),
    close: async () => {},
  }));
  const results = await Promise.all(checks.map(async ({ name, run }) => ((await outcomeOf(run())) === 'passed' ? [name] : [])));
  expect(results.flat()).toEqual([
    'keeps the keys of tenants, connections and tools apart',
    'runs every read and every call without a key, even if an equal call ran before or is running',
    'runs a key again after its call ended as failed with wrote: no, also with different arguments',
    'runs a key again after its call ended as asked with wrote: no, also with different arguments',
    'accepts reports about accepted calls, also the same report twice',
    'does not let a call that exceeds a quota keep other calls from what is left',
  ]);
});

test('a check closes the metering that it opens, whether it passes or fails', async () => {
  let open = 0;
  const checks = meteringChecks(async () => {
    open += 1;
    return { first: refusesDuplicates(memoryMetering()), close: async () => void (open -= 1) };
  });
  await Promise.all(checks.map(({ run }) => outcomeOf(run())));
  expect(open).toBe(0);
});

/** Returns `passed`, or why not. A check that hangs on a broken metering has found it too. */
async function outcomeOf(check: Promise<void>): Promise<string> {
  const idle = (async () => {
    for (let turn = 0; turn < 200; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    return 'hangs';
  })();
  return await Promise.race([check.then(() => 'passed', String), idle]);
}
