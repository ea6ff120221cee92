import { expect, test } from 'vitest';
import { memoryCache, type Answer } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }], structuredContent: { text } });

test('gives an answer back until its time is over', async () => {
  const clock = manualClock();
  const cache = memoryCache({ clock });
  await cache.set('conn-1', 'k', answer('a'), 1_000);
  await clock.advance(999);
  expect(await cache.get('conn-1', 'k')).toEqual(answer('a'));
  await clock.advance(1);
  expect(await cache.get('conn-1', 'k')).toBeUndefined();
});

test('a time of zero keeps nothing, and takes away what was there', async () => {
  const cache = memoryCache({ clock: manualClock() });
  await cache.set('conn-1', 'k', answer('a'), 1_000);
  await cache.set('conn-1', 'k', answer('b'), 0);
  expect(await cache.get('conn-1', 'k')).toBeUndefined();
});

test('keeps scopes apart and clears one alone', async () => {
  const cache = memoryCache({ clock: manualClock() });
  await cache.set('conn-1', 'k', answer('a'), 1_000);
  await cache.set('conn-2', 'k', answer('b'), 1_000);
  expect(await cache.get('conn-2', 'k')).toEqual(answer('b'));
  await cache.clear('conn-1');
  expect(await cache.get('conn-1', 'k')).toBeUndefined();
  expect(await cache.get('conn-2', 'k')).toEqual(answer('b'));
});

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

test('shares nothing with whoever wrote the answer, and what it gives cannot be changed', async () => {
  const cache = memoryCache({ clock: manualClock() });
  const written = answer('a');
  await cache.set('s', 'k', written, 1_000);
  Object.assign(written, { isError: true });
  const read = await cache.get('s', 'k');
  expect(read).toEqual(answer('a'));
  expect(() => Object.assign(read?.structuredContent ?? {}, { text: 'b' })).toThrow(TypeError);
});
