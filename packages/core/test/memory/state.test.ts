import { describe, expect, test } from 'vitest';
import { memoryState } from '../../src/index.ts';
import { stateChecks } from '../../src/testing/index.ts';

describe('memory state', () => {
  const checks = stateChecks(async (limits) => ({ first: memoryState(limits), close: async () => {} }));
  test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

  test('bounds the bytes of all scopes together', async () => {
    const store = memoryState({ maxBytes: 100 });
    const first = store.open('conn-1');
    await first.set('a', 'x'.repeat(80), undefined);
    await expect(store.open('conn-2').set('b', 'x'.repeat(20), undefined)).rejects.toMatchObject({ code: 'STATE_FULL' });
    expect(await store.open('conn-2').set('b', 'x'.repeat(10), undefined)).toBe(true);
  });
});
