import { expect, test } from 'vitest';
import { memoryCache, type Answer, type Cache } from '../../src/index.ts';
import { cacheChecks, manualClock } from '../../src/testing/index.ts';

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }], structuredContent: { text } });

const checks = cacheChecks(async (clock) => ({ first: memoryCache({ clock }), close: async () => {} }));
test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

/** Stores an answer with this text under a key of the scope `s`. */
async function keep(cache: Cache, key: string, text: string): Promise<void> {
  const { token } = await cache.get('s', key);
  await cache.set('s', key, answer(text), { token: token ?? 'none', keepMs: 1_000 });
}
const keptIn = async (cache: Cache, key: string): Promise<Answer | undefined> => (await cache.get('s', key)).kept?.answer;

test('evicts the least recently used answer at its bound', async () => {
  const cache = memoryCache({ clock: manualClock(), maxEntries: 2 });
  await keep(cache, 'a', 'a');
  await keep(cache, 'b', 'b');
  await cache.get('s', 'a');
  await keep(cache, 'c', 'c');
  expect(await keptIn(cache, 'b')).toBeUndefined();
  expect(await keptIn(cache, 'a')).toEqual(answer('a'));
  expect(await keptIn(cache, 'c')).toEqual(answer('c'));
});

test('keeps no more bytes than its limit, and no single larger answer', async () => {
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

test('a correction of the clock does not change how long an answer is kept', async () => {
  const clock = manualClock();
  const cache = memoryCache({ clock });
  await keep(cache, 'a', 'a');
  clock.adjust(-3_600_000);
  await clock.advance(999);
  expect((await cache.get('s', 'a')).kept?.ageMs).toBe(999);
  await clock.advance(1);
  expect(await keptIn(cache, 'a')).toBeUndefined();
});

test('answers are frozen, because readers share them', async () => {
  const cache = memoryCache({ clock: manualClock() });
  await keep(cache, 'k', 'a');
  const read = await keptIn(cache, 'k');
  expect(() => Object.assign(read?.structuredContent ?? {}, { text: 'b' })).toThrow(TypeError);
});

test('remembers 10,000 clears, and refuses tokens older than a forgotten clear', async () => {
  const cache = memoryCache({ clock: manualClock() });
  const early = (await cache.get('s', 'k')).token ?? 'none';
  await cache.clear('s');
  const late = (await cache.get('s', 'k')).token ?? 'none';
  for (let n = 0; n < 10_000; n += 1) await cache.clear(`other-${n}`);
  await cache.set('s', 'k', answer('early'), { token: early, keepMs: 1_000 });
  expect(await keptIn(cache, 'k')).toBeUndefined();
  await cache.set('s', 'k', answer('late'), { token: late, keepMs: 1_000 });
  expect(await keptIn(cache, 'k')).toEqual(answer('late'));
  // The next clear evicts the entry of this scope's last clear.
  await cache.clear('one-more');
  await cache.set('s', 'k', answer('later'), { token: late, keepMs: 1_000 });
  expect(await keptIn(cache, 'k')).toEqual(answer('late'));
  await keep(cache, 'k', 'new');
  expect(await keptIn(cache, 'k')).toEqual(answer('new'));
});
