import { expect, test } from 'vitest';
import { memoryCache, type Answer, type Cache } from '../../src/index.ts';
import { cacheChecks, manualClock } from '../../src/testing/index.ts';

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }], structuredContent: { text } });

const checks = cacheChecks(async (clock) => ({ one: memoryCache({ clock }), close: async () => {} }));
test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

/** Keeps an answer of these words under a key of the scope `s`. */
async function keep(cache: Cache, key: string, text: string): Promise<void> {
  const { token } = await cache.get('s', key);
  await cache.set('s', key, answer(text), { token: token ?? 'none', keepMs: 1_000 });
}
const keptIn = async (cache: Cache, key: string): Promise<Answer | undefined> => (await cache.get('s', key)).kept?.answer;

test('at its bound forgets what was not asked for the longest', async () => {
  const cache = memoryCache({ clock: manualClock(), maxEntries: 2 });
  await keep(cache, 'a', 'a');
  await keep(cache, 'b', 'b');
  await cache.get('s', 'a');
  await keep(cache, 'c', 'c');
  expect(await keptIn(cache, 'b')).toBeUndefined();
  expect(await keptIn(cache, 'a')).toEqual(answer('a'));
  expect(await keptIn(cache, 'c')).toEqual(answer('c'));
});

test('keeps no more than its bytes, and no single answer that is larger', async () => {
  const cache = memoryCache({ clock: manualClock(), maxBytes: 5_000 });
  await keep(cache, 'a', 'a'.repeat(500));
  await keep(cache, 'b', 'b'.repeat(500));
  await keep(cache, 'c', 'c'.repeat(500));
  expect(await keptIn(cache, 'a')).toBeUndefined();
  expect(await keptIn(cache, 'c')).toBeDefined();
  await keep(cache, 'huge', 'h'.repeat(3_000));
  expect(await keptIn(cache, 'huge')).toBeUndefined();
  expect(await keptIn(cache, 'c')).toBeDefined();
});

test('what it gives cannot be changed, since readers share it', async () => {
  const cache = memoryCache({ clock: manualClock() });
  await keep(cache, 'k', 'a');
  const read = await keptIn(cache, 'k');
  expect(() => Object.assign(read?.structuredContent ?? {}, { text: 'b' })).toThrow(TypeError);
});

test('remembers 10,000 clears, and takes no token from before one that it forgot', async () => {
  const cache = memoryCache({ clock: manualClock() });
  const early = (await cache.get('s', 'k')).token ?? 'none';
  await cache.clear('s');
  const late = (await cache.get('s', 'k')).token ?? 'none';
  for (let n = 0; n < 10_000; n += 1) await cache.clear(`other-${n}`);
  await cache.set('s', 'k', answer('early'), { token: early, keepMs: 1_000 });
  expect(await keptIn(cache, 'k')).toBeUndefined();
  await cache.set('s', 'k', answer('late'), { token: late, keepMs: 1_000 });
  expect(await keptIn(cache, 'k')).toEqual(answer('late'));
  // The next one pushes another scope's clear out, so that it can no longer be told when this one was cleared.
  await cache.clear('one-more');
  await cache.set('s', 'k', answer('later'), { token: late, keepMs: 1_000 });
  expect(await keptIn(cache, 'k')).toEqual(answer('late'));
  await keep(cache, 'k', 'anew');
  expect(await keptIn(cache, 'k')).toEqual(answer('anew'));
});
