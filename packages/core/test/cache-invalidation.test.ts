import { expect, test } from 'vitest';
import { memoryCache } from '../src/index.ts';
import { acmeHost, codeOf, startAcme } from './acme.ts';

test('a write through a connection forgets what was cached of it, lost writes included, and of no other', async () => {
  const acme = await startAcme();
  const cache = memoryCache();
  const cleared: string[] = [];
  const { host, call } = acmeHost(acme, {
    cache: {
      ...cache,
      clear: async (scope) => {
        cleared.push(scope);
        await cache.clear(scope);
      },
    },
  });
  await call('acme_get_item', { id: 'a' });
  expect(cleared).toHaveLength(0);
  await call('acme_create_item', { name: 'x' });
  expect(cleared).toHaveLength(1);
  acme.misbehave({ kind: 'lose' });
  expect(codeOf(await call('acme_create_item', { name: 'x', connection: 'two' }))).toBe('OUTCOME_UNKNOWN');
  expect(new Set(cleared).size).toBe(2);
  acme.misbehave({ kind: 'status', status: 422 });
  await call('acme_create_item', { name: 'x' });
  expect(cleared).toHaveLength(2);
  await host.close(0);
  await acme.close();
});
