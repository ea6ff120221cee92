import { randomUUID } from 'node:crypto';
import type { Lock } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';

// The value is '<when it expires> <holder>', so that no replica releases the lock of another.
const take = luaScript(`
local held = redis.call('GET', KEYS[1])
if held and tonumber(ARGV[1]) < tonumber(string.match(held, '^%S+')) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
`);

const release = luaScript(`return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0`);

// Redis removes a lock in real time. Whether it is still held depends on the clock of the replica that requests it.
const cleanUpAfterMs = 60_000;

/** Locks that all replicas share. While Redis is unreachable, every request gets its lock, so each replica works on its own. */
export function redisLock(redis: Redis): Lock {
  return {
    async take(key, ttlMs) {
      const now = redis.clock.now();
      const holder = `${now + ttlMs} ${randomUUID()}`;
      const taken = await redis.run(take, [`lock:${key}`], [now, holder, Math.ceil(Math.max(0, ttlMs)) + cleanUpAfterMs]);
      if (taken === 0) return undefined;
      return () => void redis.run(release, [`lock:${key}`], [holder]);
    },
  };
}
