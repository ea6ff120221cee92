import { expect, test } from 'vitest';
import { memoryMetering } from '../../../src/index.ts';
import { meteringChecks } from '../../../src/testing/index.ts';
import { broken, refusesTwins } from './metering-mutants.ts';

test.each(broken)('a metering that %s is found out', async (_, breaks, promise) => {
  const checks = meteringChecks(async (terms) => ({ metering: breaks(memoryMetering(terms), terms), close: async () => {} }));
  const concerned = checks.filter(({ name }) => name.includes(promise));
  expect(concerned).not.toEqual([]);
  const results = await Promise.all(concerned.map(({ run }) => foundOut(run())));
  expect(results.filter((result) => result !== 'passed')).not.toEqual([]);
});

test('two handles that share nothing are found out wherever two are used', async () => {
  const checks = meteringChecks(async (terms) => ({
    metering: memoryMetering(terms),
    second: memoryMetering(terms),
    close: async () => {},
  }));
  const results = await Promise.all(checks.map(async ({ name, run }) => ((await foundOut(run())) === 'passed' ? [name] : [])));
  expect(results.flat()).toEqual([
    'keeps the keys of tenants, connections and tools apart',
    'runs every read and every call without a key, even if an equal call ran before or is running',
    'runs a key again after its call ended as failed with wrote: no, also with different arguments',
    'runs a key again after its call ended as asked with wrote: no, also with different arguments',
    'accepts reports about accepted calls, also the same report twice',
    'does not let a call that exceeds a quota keep other calls from what is left',
  ]);
});

test('what a check opens is closed, kept promise or broken', async () => {
  let open = 0;
  const checks = meteringChecks(async () => {
    open += 1;
    return { metering: refusesTwins(memoryMetering()), close: async () => void (open -= 1) };
  });
  await Promise.all(checks.map(({ run }) => foundOut(run())));
  expect(open).toBe(0);
});

/** `passed`, or why not; a check that hangs on a broken metering has found it out too. */
async function foundOut(check: Promise<void>): Promise<string> {
  const idle = (async () => {
    for (let turn = 0; turn < 200; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    return 'hangs';
  })();
  return await Promise.race([check.then(() => 'passed', String), idle]);
}
