import { expect, test } from 'vitest';
import { memoryCache, type Answer } from '../../src/index.ts';
import { cacheChecks, manualClock } from '../../src/testing/index.ts';

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }], structuredContent: { text } });

const checks = cacheChecks(async (clock) => ({ one: memoryCache({ clock }), close: async () => {} }));
test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

test('at its bound forgets what was not asked for the longest', async () => {
  const cache = memoryCache({ clock: manualClock(), maxEntries: 2 });
  await cache.set('s', 'a', answer('a'), 1_000);
  await cache.set('s', 'b', answer('b'), 1_000);
  await cache.get('s', 'a');
  await cache.set('s', 'c', answer('c'), 1_000);
  expect(await cache.get('s', 'b')).toBeUndefined();
  expect(await cache.get('s', 'a')).toEqual(answer('a'));
  expect(await cache.get('s', 'c')).toEqual(answer('c'));
});

test('keeps no more than its bytes, and no single answer that is larger', async () => {
  const cache = memoryCache({ clock: manualClock(), maxBytes: 5_000 });
  await cache.set('s', 'a', answer('a'.repeat(500)), 1_000);
  await cache.set('s', 'b', answer('b'.repeat(500)), 1_000);
  await cache.set('s', 'c', answer('c'.repeat(500)), 1_000);
  expect(await cache.get('s', 'a')).toBeUndefined();
  expect(await cache.get('s', 'c')).toBeDefined();
  await cache.set('s', 'huge', answer('h'.repeat(3_000)), 1_000);
  expect(await cache.get('s', 'huge')).toBeUndefined();
  expect(await cache.get('s', 'c')).toBeDefined();
});

test('what it gives cannot be changed, since readers share it', async () => {
  const cache = memoryCache({ clock: manualClock() });
  await cache.set('s', 'k', answer('a'), 1_000);
  const read = await cache.get('s', 'k');
  expect(() => Object.assign(read?.structuredContent ?? {}, { text: 'b' })).toThrow(TypeError);
});
