import { randomUUID } from 'node:crypto';
import type { Answer, Cache } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';

/** How much is kept, and where while Redis is away. */
export interface RedisCacheOptions {
  /** Used while Redis is away. Writes through other replicas do not reach it. Default: nothing is kept meanwhile. */
  readonly fallback?: Cache;
  /** The largest answer that is kept, in bytes of JSON. Default 1 MiB. */
  readonly maxEntryBytes?: number;
}

// A scope has a version, which is part of its entries' keys. Clearing deletes the version: its entries are then found by nobody, and expire.
// A version is never used twice, so that none of them comes back.
const get = luaScript(`
local version = redis.call('GET', KEYS[1])
return version and redis.call('GET', KEYS[2] .. version) or ''
`);

const set = luaScript(`
local version, ttl = redis.call('GET', KEYS[1]), tonumber(ARGV[3])
if ARGV[1] == '' then
  if version then redis.call('DEL', KEYS[2] .. version) end
  return 1
end
version = version or ARGV[2]
redis.call('SET', KEYS[1], version, 'PX', math.max(ttl, redis.call('PTTL', KEYS[1])))
redis.call('SET', KEYS[2] .. version, ARGV[1], 'PX', ttl)
return 1
`);

const clear = luaScript(`return redis.call('DEL', unpack(KEYS))`);

// Redis removes an entry in real time; whether it still holds is decided by the clock of whoever asks.
const cleanUpAfterMs = 60_000;
const mostOwed = 1_000;
const encoder = new TextEncoder();

/**
 * Answers of read tools that all replicas share. How much they may take together is the `maxmemory` of Redis: each of them expires, so let it
 * evict (`volatile-ttl`, say). A scope that is cleared while Redis is away is cleared there before the next answer is read or kept; of at
 * most 1,000 such scopes, beyond which the oldest answers live out their time.
 */
export function redisCache(redis: Redis, { fallback, maxEntryBytes = 2 ** 20 }: RedisCacheOptions = {}): Cache {
  // The scopes that Redis has yet to clear, and which of their clears was the last.
  const owed = new Map<string, symbol>();
  const versionOf = (scope: string): string => `cache-scope:${scope}`;
  // The version that Redis adds is one scope's alone, so that 'a' + 'b:c' and 'a:b' + 'c' do not meet.
  const entryOf = (scope: string, key: string): string => `cache:${scope}:${key}:`;

  /** Whether Redis knows of every clear. */
  async function settle(): Promise<boolean> {
    if (owed.size === 0) return true;
    const scopes = [...owed];
    const cleared = await redis.run(
      clear,
      scopes.map(([scope]) => versionOf(scope)),
      [],
    );
    if (cleared === undefined) return false;
    for (const [scope, last] of scopes) if (owed.get(scope) === last) owed.delete(scope);
    return true;
  }

  return {
    async get(scope, key) {
      const found = (await settle()) ? await redis.run(get, [versionOf(scope), entryOf(scope, key)], []) : undefined;
      return typeof found === 'string' ? read(found, redis.clock.now()) : await fallback?.get(scope, key);
    },
    async set(scope, key, answer, ttlMs) {
      const entry = ttlMs > 0 ? JSON.stringify([redis.clock.now() + ttlMs, answer]) : '';
      const kept = encoder.encode(entry).length <= maxEntryBytes ? entry : '';
      const args = [kept, randomUUID(), Math.ceil(Math.max(0, ttlMs)) + cleanUpAfterMs];
      const done = (await settle()) ? await redis.run(set, [versionOf(scope), entryOf(scope, key)], args) : undefined;
      if (done === undefined) await fallback?.set(scope, key, answer, ttlMs);
    },
    async clear(scope) {
      // Noted first: a clear that is on its way holds up what this replica reads meanwhile.
      owed.delete(scope);
      owed.set(scope, Symbol('clear'));
      for (const oldest of owed.keys()) {
        if (owed.size <= mostOwed) break;
        owed.delete(oldest);
      }
      await fallback?.clear(scope);
      await settle();
    },
  };
}

function read(entry: string, now: number): Answer | undefined {
  if (entry === '') return undefined;
  const [until, answer] = JSON.parse(entry) as [number, Answer];
  return now < until ? answer : undefined;
}
