import assert from 'node:assert/strict';
import type { Clock } from '../../clock.ts';
import type { Answer } from '../../content.ts';
import type { Cache } from '../../ports/cache.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';
import { sharedChecks, type SharedGuarantee } from './shared-guarantee.ts';

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }], structuredContent: { text } });

/** Stores an answer that was read just now. */
async function keep(cache: Cache, scope: string, key: string, kept: Answer, keepMs = 1_000): Promise<void> {
  await cache.set(scope, key, kept, { token: await tokenOf(cache, scope, key), keepMs });
}
async function tokenOf(cache: Cache, scope: string, key: string): Promise<string> {
  const { token } = await cache.get(scope, key);
  assert.ok(token !== undefined, 'no token');
  return token;
}
async function keptIn(cache: Cache, scope: string, key: string): Promise<Answer | undefined> {
  return (await cache.get(scope, key)).kept?.answer;
}

const guarantees: readonly SharedGuarantee<Cache, undefined>[] = [
  {
    name: 'returns an answer until it expires, with its age',
    settings: undefined,
    async prove(first, second, clock) {
      await keep(first, 'conn-1', 'k', answer('a'));
      await clock.advance(999);
      assert.deepEqual((await second.get('conn-1', 'k')).kept, { answer: answer('a'), ageMs: 999 });
      await clock.advance(1);
      assert.equal(await keptIn(second, 'conn-1', 'k'), undefined);
    },
  },
  {
    name: 'returns the last answer that was set, with every part that an answer can have',
    settings: undefined,
    async prove(first, second) {
      await keep(first, 'conn-1', 'k', answer('a'));
      const complete: Answer = {
        content: [
          { type: 'text', text: 'Zürich, "quoted" \u0000 🚆 \u2028' },
          { type: 'image', data: 'AAEC', mimeType: 'image/png' },
        ],
        structuredContent: { list: [1, null, { deep: true }], empty: {} },
        isError: false,
        meta: { 'busbar/warnings': ['one'] },
      };
      await keep(second, 'conn-1', 'k', complete);
      assert.deepEqual(await keptIn(first, 'conn-1', 'k'), complete);
    },
  },
  {
    name: 'keeps nothing for a time of zero, and removes the previous answer',
    settings: undefined,
    async prove(first, second) {
      await keep(first, 'conn-1', 'k', answer('a'));
      await keep(second, 'conn-1', 'k', answer('b'), 0);
      assert.equal(await keptIn(first, 'conn-1', 'k'), undefined);
    },
  },
  {
    name: 'keeps scopes apart, even if they and their keys contain separators, and clears only one',
    settings: undefined,
    async prove(first, second) {
      const entries = [
        ['a', 'k'],
        ['b', 'k'],
        ['a:b', 'k'],
        ['a', 'b:k'],
        ['', 'a:k'],
        ['a', ''],
      ] as const;
      for (const [scope, key] of entries) await keep(first, scope, key, answer(`${scope}|${key}`));
      for (const [scope, key] of entries) assert.deepEqual(await keptIn(second, scope, key), answer(`${scope}|${key}`));
      const before = await tokenOf(first, 'b', 'k');
      await first.clear('a');
      for (const [scope, key] of entries)
        assert.deepEqual(await keptIn(second, scope, key), scope === 'a' ? undefined : answer(`${scope}|${key}`));
      assert.equal(await tokenOf(second, 'b', 'k'), before);
    },
  },
  {
    name: 'keeps answers that are read after a clear, and brings back no older answer',
    settings: undefined,
    async prove(first, second) {
      await keep(first, 'conn-1', 'old', answer('a'));
      await second.clear('conn-1');
      await keep(first, 'conn-1', 'new', answer('b'));
      assert.deepEqual(await keptIn(second, 'conn-1', 'new'), answer('b'));
      assert.equal(await keptIn(first, 'conn-1', 'old'), undefined);
      await second.clear('conn-1');
      await second.clear('conn-1');
      assert.equal(await keptIn(first, 'conn-1', 'new'), undefined);
    },
  },
  {
    name: 'keeps no answer whose read began before a clear, and loses no answer that was read after it',
    settings: undefined,
    async prove(first, second) {
      const early = await tokenOf(first, 'conn-1', 'k');
      await second.clear('conn-1');
      await first.set('conn-1', 'k', answer('old'), { token: early, keepMs: 1_000 });
      assert.equal(await keptIn(second, 'conn-1', 'k'), undefined);
      await keep(second, 'conn-1', 'k', answer('new'));
      await first.set('conn-1', 'k', answer('old'), { token: early, keepMs: 1_000 });
      await first.set('conn-1', 'k', answer('old'), { token: early, keepMs: 0 });
      assert.deepEqual(await keptIn(first, 'conn-1', 'k'), answer('new'));
    },
  },
  {
    name: 'gives every reader the same token until the scope is cleared, and never gives that token again',
    settings: undefined,
    async prove(first, second, clock) {
      const tokens = new Set<string>();
      for (let round = 0; round < 3; round += 1) {
        const token = await tokenOf(first, 'conn-1', 'k');
        assert.ok(!tokens.has(token), 'a token was reused');
        tokens.add(token);
        await keep(first, 'conn-1', 'k', answer('a'));
        await clock.advance(1_000);
        assert.equal(await tokenOf(second, 'conn-1', 'k'), token);
        assert.equal(await tokenOf(second, 'conn-1', 'another'), token);
        await second.clear('conn-1');
      }
    },
  },
  {
    name: 'shares no object between the writer and the readers of an answer',
    settings: undefined,
    async prove(first, second) {
      const written = answer('a');
      await keep(first, 'conn-1', 'k', written);
      Object.assign(written, { isError: true });
      const read = await keptIn(first, 'conn-1', 'k');
      assert.deepEqual(read, answer('a'));
      // The answer is frozen or a copy. Either way, no other reader sees the change.
      Reflect.set(read?.structuredContent as object, 'text', 'b');
      assert.deepEqual(await keptIn(first, 'conn-1', 'k'), answer('a'));
      assert.deepEqual(await keptIn(second, 'conn-1', 'k'), answer('a'));
    },
  },
];

/**
 * Returns the guarantees of `Cache` as checks. `open` creates an empty cache that uses the given clock. Checks may run at the same time if
 * the opened caches share nothing.
 */
export function cacheChecks(open: (clock: Clock) => Promise<OpenedStore<Cache>>): readonly StoreCheck[] {
  return sharedChecks(guarantees, (_settings, clock) => open(clock));
}
