import assert from 'node:assert/strict';
import type { Cache } from '../../cache.ts';
import type { Clock } from '../../clock.ts';
import type { Answer } from '../../content.ts';
import type { StoreCheck } from '../store-check.ts';
import { sharedChecks, type OpenedShared, type SharedPromise } from './shared-promise.ts';

const answer = (text: string): Answer => ({ content: [{ type: 'text', text }], structuredContent: { text } });

const promises: readonly SharedPromise<Cache, undefined>[] = [
  {
    name: 'gives an answer back until its time is over',
    settings: undefined,
    async prove(one, other, clock) {
      await one.set('conn-1', 'k', answer('a'), 1_000);
      await clock.advance(999);
      assert.deepEqual(await other.get('conn-1', 'k'), answer('a'));
      await clock.advance(1);
      assert.equal(await other.get('conn-1', 'k'), undefined);
    },
  },
  {
    name: 'gives back what was set last, with all that an answer may hold',
    settings: undefined,
    async prove(one, other) {
      await one.set('conn-1', 'k', answer('a'), 1_000);
      const whole: Answer = {
        content: [
          { type: 'text', text: 'Zürich, "quoted" \u0000 🚆 \u2028' },
          { type: 'image', data: 'AAEC', mimeType: 'image/png' },
        ],
        structuredContent: { list: [1, null, { deep: true }], empty: {} },
        isError: false,
        meta: { 'busbar/warnings': ['one'] },
      };
      await other.set('conn-1', 'k', whole, 1_000);
      assert.deepEqual(await one.get('conn-1', 'k'), whole);
    },
  },
  {
    name: 'keeps nothing for a time of zero, and takes away what was there',
    settings: undefined,
    async prove(one, other) {
      await one.set('conn-1', 'k', answer('a'), 1_000);
      await other.set('conn-1', 'k', answer('b'), 0);
      assert.equal(await one.get('conn-1', 'k'), undefined);
    },
  },
  {
    name: 'keeps scopes apart, however they and the keys are written, and clears one alone',
    settings: undefined,
    async prove(one, other) {
      const places = [
        ['a', 'k'],
        ['b', 'k'],
        ['a:b', 'k'],
        ['a', 'b:k'],
        ['', 'a:k'],
        ['a', ''],
      ] as const;
      for (const [scope, key] of places) await one.set(scope, key, answer(`${scope}|${key}`), 1_000);
      for (const [scope, key] of places) assert.deepEqual(await other.get(scope, key), answer(`${scope}|${key}`));
      await one.clear('a');
      for (const [scope, key] of places)
        assert.deepEqual(await other.get(scope, key), scope === 'a' ? undefined : answer(`${scope}|${key}`));
    },
  },
  {
    name: 'keeps anew what is set after a clear, and brings nothing older back',
    settings: undefined,
    async prove(one, other) {
      await one.set('conn-1', 'old', answer('a'), 1_000);
      await other.clear('conn-1');
      await one.set('conn-1', 'new', answer('b'), 1_000);
      assert.deepEqual(await other.get('conn-1', 'new'), answer('b'));
      assert.equal(await one.get('conn-1', 'old'), undefined);
      await other.clear('conn-1');
      await other.clear('conn-1');
      assert.equal(await one.get('conn-1', 'new'), undefined);
    },
  },
  {
    name: 'shares nothing with who wrote an answer, nor between those who read it',
    settings: undefined,
    async prove(one, other) {
      const written = answer('a');
      await one.set('conn-1', 'k', written, 1_000);
      Object.assign(written, { isError: true });
      const read = await one.get('conn-1', 'k');
      assert.deepEqual(read, answer('a'));
      // Frozen, or a copy: either way nobody else sees it.
      Reflect.set(read?.structuredContent as object, 'text', 'b');
      assert.deepEqual(await one.get('conn-1', 'k'), answer('a'));
      assert.deepEqual(await other.get('conn-1', 'k'), answer('a'));
    },
  },
];

/** What `Cache` promises, as checks. `open` makes an empty cache that goes by the clock; they may run at once where the opened ones share nothing. */
export function cacheChecks(open: (clock: Clock) => Promise<OpenedShared<Cache>>): readonly StoreCheck[] {
  return sharedChecks(promises, (_settings, clock) => open(clock));
}
