import { randomUUID } from 'node:crypto';
import type { Answer, Cache, CacheLookup } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';

/** Options for {@link redisCache}. */
export interface RedisCacheOptions {
  /** The largest answer to keep, in bytes of JSON. Default 1 MiB. */
  readonly maxEntryBytes?: number | undefined;
}

// Each scope has a version, which is part of its entries' keys and is the token of its reads. Clearing a scope deletes its version: lookups
// no longer find the old entries, which expire. A version is never used twice, so no old entry comes back.
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

// Redis removes entries in real time. Whether an entry is still valid depends on the clock of the replica that reads it.
const cleanUpAfterMs = 60_000;
// A version outlives every read that begins under it, unless the read takes longer than this. The answer of such a read is not kept.
const longestReadMs = 900_000;
const maxPendingClears = 1_000;
const encoder = new TextEncoder();

/**
 * A cache of read tools' answers that all replicas share. To limit their total size, set `maxmemory` in Redis and an eviction policy such
 * as `volatile-ttl`. Every entry has a time to live. While Redis is unreachable, nothing is kept. A scope that is cleared during that time
 * is cleared in Redis before this replica reads or keeps the next answer. At most 1,000 such scopes wait. Beyond that, the oldest are
 * forgotten, and their answers remain until they expire.
 */
export function redisCache(redis: Redis, { maxEntryBytes = 2 ** 20 }: RedisCacheOptions = {}): Cache {
  // The scopes that Redis has not cleared yet, each with its latest clear.
  const pendingClears = new Map<string, symbol>();
  const versionOf = (scope: string): string => `cache-scope:${scope}`;
  // Redis appends the version, which is unique to a scope, so 'a' + 'b:c' and 'a:b' + 'c' do not collide.
  const entryOf = (scope: string, key: string): string => `cache:${scope}:${key}:`;

  /** Sends the pending clears. False if Redis has not cleared them all. */
  async function sendClears(): Promise<boolean> {
    if (pendingClears.size === 0) return true;
    const scopes = [...pendingClears];
    const cleared = await redis.run(
      clear,
      scopes.map(([scope]) => versionOf(scope)),
      [],
    );
    if (cleared === undefined) return false;
    for (const [scope, last] of scopes) if (pendingClears.get(scope) === last) pendingClears.delete(scope);
    return true;
  }

  return {
    async get(scope, key) {
      const args = [randomUUID(), longestReadMs];
      const found = (await sendClears()) ? await redis.run(get, [versionOf(scope), entryOf(scope, key)], args) : undefined;
      if (!Array.isArray(found)) return { token: undefined };
      const [token, entry] = found.map(String);
      return { kept: read(entry ?? '', redis.clock.now()), token };
    },
    async set(scope, key, answer, { token, keepMs }) {
      const now = redis.clock.now();
      const entry = keepMs > 0 ? JSON.stringify([now, now + keepMs, answer]) : '';
      const kept = encoder.encode(entry).length <= maxEntryBytes ? entry : '';
      const args = [token, kept, Math.ceil(Math.max(0, keepMs)) + cleanUpAfterMs];
      if (await sendClears()) await redis.run(set, [versionOf(scope), entryOf(scope, key) + token], args);
    },
    async clear(scope) {
      // The clear is pending before it is sent, so that this replica's reads wait for it.
      pendingClears.delete(scope);
      pendingClears.set(scope, Symbol('clear'));
      for (const oldest of pendingClears.keys()) {
        if (pendingClears.size <= maxPendingClears) break;
        pendingClears.delete(oldest);
      }
      await sendClears();
    },
  };
}

function read(entry: string, now: number): CacheLookup['kept'] {
  if (entry === '') return undefined;
  const [keptAt, until, answer] = JSON.parse(entry) as [number, number, Answer];
  // The clocks of replicas differ a little.
  return now < until ? { answer, ageMs: Math.max(0, now - keptAt) } : undefined;
}
