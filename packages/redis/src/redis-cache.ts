import { randomUUID } from 'node:crypto';
import type { Answer, Cache, CacheLookup } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';

/** How much is kept. */
export interface RedisCacheOptions {
  /** The largest answer that is kept, in bytes of JSON. Default 1 MiB. */
  readonly maxEntryBytes?: number;
}

// A scope has a version, which is part of its entries' keys and the token under which they are kept. Clearing deletes the version: its entries
// are then found by nobody, and expire. A version is never used twice, so that none of them comes back.
const get = luaScript(`
local version = redis.call('GET', KEYS[1])
if not version then
  version = ARGV[1]
  redis.call('SET', KEYS[1], version, 'PX', ARGV[2])
elseif redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return {version, redis.call('GET', KEYS[2] .. version) or ''}
`);

const set = luaScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then return redis.call('DEL', KEYS[2]) end
local ttl = tonumber(ARGV[3])
redis.call('PEXPIRE', KEYS[1], math.max(ttl, redis.call('PTTL', KEYS[1])))
redis.call('SET', KEYS[2], ARGV[2], 'PX', ttl)
return 1
`);

const clear = luaScript(`return redis.call('DEL', unpack(KEYS))`);

// Redis removes an entry in real time; whether it still holds is decided by the clock of whoever asks.
const cleanUpAfterMs = 60_000;
// A version outlives the read that begins under it. What takes longer is not kept.
const longestReadMs = 900_000;
const mostOwed = 1_000;
const encoder = new TextEncoder();

/**
 * Answers of read tools that all replicas share. How much they may take together is the `maxmemory` of Redis: each of them expires, so let it
 * evict (`volatile-ttl`, say). While Redis is away nothing is kept. A scope that is cleared meanwhile is cleared there before this replica reads
 * or keeps the next answer; of at most 1,000 such scopes, beyond which the oldest answers live out their time.
 */
export function redisCache(redis: Redis, { maxEntryBytes = 2 ** 20 }: RedisCacheOptions = {}): Cache {
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
      const args = [randomUUID(), longestReadMs];
      const found = (await settle()) ? await redis.run(get, [versionOf(scope), entryOf(scope, key)], args) : undefined;
      if (!Array.isArray(found)) return { token: undefined };
      const [token, entry] = found.map(String);
      return { kept: read(entry ?? '', redis.clock.now()), token };
    },
    async set(scope, key, answer, { token, keepMs }) {
      const now = redis.clock.now();
      const entry = keepMs > 0 ? JSON.stringify([now, now + keepMs, answer]) : '';
      const kept = encoder.encode(entry).length <= maxEntryBytes ? entry : '';
      const args = [token, kept, Math.ceil(Math.max(0, keepMs)) + cleanUpAfterMs];
      if (await settle()) await redis.run(set, [versionOf(scope), entryOf(scope, key) + token], args);
    },
    async clear(scope) {
      // Noted first: a clear that is on its way holds up what this replica reads meanwhile.
      owed.delete(scope);
      owed.set(scope, Symbol('clear'));
      for (const oldest of owed.keys()) {
        if (owed.size <= mostOwed) break;
        owed.delete(oldest);
      }
      await settle();
    },
  };
}

function read(entry: string, now: number): CacheLookup['kept'] {
  if (entry === '') return undefined;
  const [keptAt, until, answer] = JSON.parse(entry) as [number, number, Answer];
  // Clocks of replicas differ a little.
  return now < until ? { answer, ageMs: Math.max(0, now - keptAt) } : undefined;
}
