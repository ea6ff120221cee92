import { describe, expect, test } from 'vitest';
import { memoryState, type StateStore } from '../../../src/index.ts';
import { stateChecks } from '../../../src/testing/index.ts';
import { mutants, type Mutate } from './state-mutants.ts';

/** Returns the names of the checks that a store fails. */
async function failing(mutate: Mutate): Promise<string[]> {
  const names: string[] = [];
  for (const { name, run } of stateChecks(async (limits) => ({ ...mutate({ ...limits }), close: async () => {} }))) {
    await run().catch(() => names.push(name));
  }
  return names;
}

describe('the checks of state stores', () => {
  test('pass a good store', async () => {
    expect(await failing((limits) => ({ first: memoryState(limits) }))).toEqual([]);
  });

  test.each(Object.entries(mutants))('catch a store that %s', async (_, { mutate, caughtBy }) => {
    expect(await failing(mutate)).toContain(caughtBy);
  });

  test('each catch a broken store', async () => {
    const caught = new Set((await Promise.all(Object.values(mutants).map(({ mutate }) => failing(mutate)))).flat());
    const names = stateChecks(async () => ({ first: memoryState(), close: async () => {} })).map(({ name }) => name);
    expect(names.filter((name) => !caught.has(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('close the store that they open, whether they pass or fail', async () => {
    let open = 0;
    const opening = async (store: StateStore) => {
      open += 1;
      return { first: store, close: async () => void (open -= 1) };
    };
    for (const { run } of stateChecks(async (limits) => opening(memoryState(limits)))) await run();
    for (const { run } of stateChecks(async () => opening(memoryState({ maxKeys: 0 })))) await run().catch(() => {});
    expect(open).toBe(0);
  });
});
