import { describe, expect, test } from 'vitest';
import { memoryCache, type Cache, type Clock } from '../../../src/index.ts';
import { cacheChecks } from '../../../src/testing/index.ts';
import { failedChecks } from './failed-checks.ts';

const close = async (): Promise<void> => {};
const frozen = (clock: Clock): Clock => ({ ...clock, now: () => Date.UTC(2026, 0, 1), elapsed: () => 0 });

type OpenCache = (clock: Clock) => { first: Cache; second?: Cache };
const brokenCaches: readonly (readonly [fault: string, finds: string, open: OpenCache])[] = [
  [
    'never expires an answer',
    'returns an answer until it expires, with its age',
    (clock) => ({ first: memoryCache({ clock: frozen(clock) }) }),
  ],
  [
    'keeps answers for each replica separately',
    'returns an answer until it expires, with its age',
    (clock) => ({ first: memoryCache({ clock }), second: memoryCache({ clock }) }),
  ],
  [
    'drops the metadata',
    'returns the last answer that was set, with every part that an answer can have',
    (clock) => {
      const cache = memoryCache({ clock });
      return { first: { ...cache, set: (scope, key, { meta: _, ...rest }, options) => cache.set(scope, key, rest, options) } };
    },
  ],
  [
    'ignores a set with a time of zero',
    'keeps nothing for a time of zero, and removes the previous answer',
    (clock) => {
      const cache = memoryCache({ clock });
      return { first: { ...cache, set: async (...all) => (all[3].keepMs > 0 ? await cache.set(...all) : undefined) } };
    },
  ],
  [
    'clears nothing',
    'keeps scopes apart, even if they and their keys contain separators, and clears only one',
    (clock) => ({ first: { ...memoryCache({ clock }), clear: close } }),
  ],
  [
    'joins scope and key with a colon',
    'keeps scopes apart, even if they and their keys contain separators, and clears only one',
    (clock) => {
      const cache = memoryCache({ clock });
      const first: Cache = {
        get: (scope, key) => cache.get('', `${scope}:${key}`),
        set: (scope, key, ...rest) => cache.set('', `${scope}:${key}`, ...rest),
        clear: () => cache.clear(''),
      };
      return { first };
    },
  ],
  [
    'clears by a version that starts again',
    'keeps answers that are read after a clear, and brings back no older answer',
    (clock) => {
      const cache = memoryCache({ clock });
      const versions = new Map<string, number>();
      const at = (scope: string) => `${scope}/${versions.get(scope) ?? 0}`;
      const first: Cache = {
        get: (scope, key) => cache.get(at(scope), key),
        set: (scope, key, ...rest) => cache.set(at(scope), key, ...rest),
        clear: async (scope) => void versions.set(scope, ((versions.get(scope) ?? 0) + 1) % 2),
      };
      return { first };
    },
  ],
  [
    'ignores tokens',
    'keeps no answer whose read began before a clear, and loses no answer that was read after it',
    (clock) => {
      const cache = memoryCache({ clock });
      const set: Cache['set'] = async (scope, key, answer, { keepMs }) =>
        await cache.set(scope, key, answer, { token: (await cache.get(scope, key)).token ?? '', keepMs });
      return { first: { ...cache, set } };
    },
  ],
  [
    'drops the present answer for a late answer that it does not keep',
    'keeps no answer whose read began before a clear, and loses no answer that was read after it',
    (clock) => {
      const cache = memoryCache({ clock });
      const set: Cache['set'] = async (scope, key, answer, { token, keepMs }) => {
        const now = (await cache.get(scope, key)).token ?? '';
        await cache.set(scope, key, answer, { token: now, keepMs: token === now ? keepMs : 0 });
      };
      return { first: { ...cache, set } };
    },
  ],
  [
    'gives a new token each time',
    'gives every reader the same token until the scope is cleared, and never gives that token again',
    (clock) => {
      const cache = memoryCache({ clock });
      let given = 0;
      const get: Cache['get'] = async (scope, key) => {
        const { kept, token } = await cache.get(scope, key);
        return { kept, token: `${token}/${(given += 1)}` };
      };
      const set: Cache['set'] = (scope, key, answer, { token, keepMs }) =>
        cache.set(scope, key, answer, { token: token.split('/')[0] ?? '', keepMs });
      return { first: { ...cache, get, set } };
    },
  ],
  [
    'returns the object that it keeps',
    'shares no object between the writer and the readers of an answer',
    () => {
      const answers = new Map<string, Parameters<Cache['set']>[2]>();
      const get: Cache['get'] = async (_, key) => {
        const answer = answers.get(key);
        return { kept: answer && { answer, ageMs: 0 }, token: '0' };
      };
      return { first: { get, set: async (_, key, answer) => void answers.set(key, answer), clear: close } };
    },
  ],
];

describe('the checks find', () => {
  test.each(brokenCaches)('a cache that %s', async (_fault, finds, open) => {
    expect(await failedChecks(cacheChecks(async (clock) => ({ ...open(clock), close })))).toContain(finds);
  });

  test('at least one broken variant for each guarantee', () => {
    const names = cacheChecks(() => Promise.reject(new Error('not opened'))).map(({ name }) => name);
    const found = new Set(brokenCaches.map(([, finds]) => finds));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});
