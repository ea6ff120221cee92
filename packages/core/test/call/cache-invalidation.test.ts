import { expect, test } from 'vitest';
import { memoryCache, memoryMetering } from '../../src/index.ts';
import { codeOf, useAcme, type Acme } from '../support/acme.ts';

let acme: Acme;
const hostWith = useAcme((started) => (acme = started));
const reads = () => acme.requests.filter(({ method }) => method === 'GET').length;
const kept = { id: 'a' };

test('a write through a connection clears that connection’s cache and no other, even if the answer to the write is lost', async () => {
  const cache = memoryCache();
  const cleared: string[] = [];
  const { call } = hostWith({
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
});

test('100 equal reads at once make one request to the vendor', async () => {
  const settled: { status: string; upstreamRequests: number }[] = [];
  const { call } = hostWith({
    metering: memoryMetering({ record: (_, outcome) => void (typeof outcome === 'object' && settled.push(outcome)) }),
  });
  const answers = await Promise.all(Array.from({ length: 100 }, () => call('acme_get_kept_item', kept)));
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(reads()).toBe(1);
  expect(settled.filter(({ status }) => status === 'cached')).toHaveLength(99);
  expect(settled.reduce((sum, { upstreamRequests }) => sum + upstreamRequests, 0)).toBe(1);
});

test('a read that a write overtakes is not kept, and no later read waits for it', async () => {
  const { call } = hostWith();
  acme.misbehave({ kind: 'hang', match: 'GET /items/{id}' });
  let ended = false;
  const early = call('acme_get_kept_item', kept).finally(() => (ended = true));
  await acme.received('GET /items/{id}');
  await call('acme_create_item', { name: 'x' });
  expect((await call('acme_get_kept_item', kept)).structuredContent).toEqual(kept);
  expect(ended).toBe(false);
  expect(reads()).toBe(2);
  await call('acme_create_item', { name: 'y' });
  acme.recover();
  expect((await early).structuredContent).toEqual(kept);
  await call('acme_get_kept_item', kept);
  expect(reads()).toBe(3);
  await call('acme_get_kept_item', kept);
  expect(reads()).toBe(3);
});

test('a read that begins during a write is cleared if it ends before the write, and not kept if it ends after it', async () => {
  const cache = memoryCache();
  const held = Promise.withResolvers<void>();
  const { call } = hostWith({
    cache: {
      ...cache,
      set: async (scope, key, answer, options) => {
        if ((answer.structuredContent as { id: string }).id === 'late') await held.promise;
        await cache.set(scope, key, answer, options);
      },
    },
  });
  acme.misbehave({ kind: 'hang', match: 'POST /items' });
  const write = call('acme_create_item', { name: 'x' });
  await acme.received('POST /items');
  await call('acme_get_kept_item', { id: 'early' });
  const late = call('acme_get_kept_item', { id: 'late' });
  await acme.received('GET /items/{id}', 2);
  acme.recover();
  await write;
  held.resolve();
  await late;
  await call('acme_get_kept_item', { id: 'early' });
  await call('acme_get_kept_item', { id: 'late' });
  expect(reads()).toBe(4);
});
