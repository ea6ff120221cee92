import { randomUUID } from 'node:crypto';
import { fairBudget, type Budget, type BudgetAnswer } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';

/** Options for {@link redisBudget}. */
export interface RedisBudgetOptions {
  /**
   * Grants requests, and observes vendors' limits, while Redis is unreachable. With a `memoryBudget`, each replica then grants the whole
   * budget.
   */
  readonly fallback: Budget;
  /** The maximum number of requests of this replica that may wait for one budget. One user may have half as many waiting. Default 100. */
  readonly maxWaiting?: number | undefined;
}

// Two keys for each budget. Slots in use: a sorted set by the time at which each expires. The window, a hash: when it ends (`ends`), how
// many requests it granted (`taken`), how many it may grant if the vendor stated a limit (`limit`), how many the vendor said remain
// (`left`) and until when that holds (`told`), and until when it grants none (`closed`). A request gets a slot and a part of the window, or
// neither.
const take = luaScript(`
local now, id, endsAt, concurrent, requests, window = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local stored = redis.call('HMGET', KEYS[2], 'ends', 'taken', 'limit', 'left', 'told', 'closed')
local ends, taken, left, closed = tonumber(stored[1] or 0), tonumber(stored[2] or 0), tonumber(stored[4] or 0), tonumber(stored[6] or 0)
local told = now < tonumber(stored[5] or 0)
local after = closed
if told and left <= 0 then after = math.max(after, tonumber(stored[5])) end
if requests ~= '' then
  if now >= ends then ends, taken = now + tonumber(window), 0 end
  if taken >= tonumber(stored[3] or requests) then after = math.max(after, ends) end
end
if after > now then return {'exhausted', string.format('%.3f', after)} end
if concurrent ~= '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  if redis.call('ZCARD', KEYS[1]) >= tonumber(concurrent) then return {'full'} end
  redis.call('ZADD', KEYS[1], endsAt, id)
  local ttl = math.ceil(tonumber(endsAt) - now) + tonumber(ARGV[7])
  redis.call('PEXPIRE', KEYS[1], math.max(ttl, redis.call('PTTL', KEYS[1])))
end
if told then redis.call('HSET', KEYS[2], 'left', left - 1) end
if requests ~= '' then
  redis.call('HSET', KEYS[2], 'ends', string.format('%.3f', ends), 'taken', taken + 1)
  redis.call('PEXPIRE', KEYS[2], math.max(math.ceil(tonumber(window)) + tonumber(ARGV[7]), redis.call('PTTL', KEYS[2])))
end
return {'granted'}
`);

// As in memoryBudget: the number that the vendor said remains may only fall while it holds, and older answers change nothing.
const observe = luaScript(`
local now, limit, remaining, reset, holds, closed = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local stored = redis.call('HMGET', KEYS[1], 'ends', 'left', 'told', 'closed')
local ends, left, told = tonumber(stored[1] or 0), tonumber(stored[2] or 0), tonumber(stored[3] or 0)
local changed = {'closed', string.format('%.3f', math.max(closed, tonumber(stored[4] or 0)))}
local function set(name, value) changed[#changed + 1] = name; changed[#changed + 1] = value end
if limit ~= '' then set('limit', limit) end
if remaining ~= '' and holds > now then
  if now >= told then
    if reset ~= '' and now < ends then set('ends', string.format('%.3f', math.min(ends, tonumber(reset)))) end
    set('left', remaining)
    set('told', string.format('%.3f', holds))
  elseif tonumber(remaining) <= left and holds + tonumber(ARGV[7]) >= told then
    set('left', remaining)
    set('told', string.format('%.3f', math.max(told, holds)))
  end
end
redis.call('HSET', KEYS[1], unpack(changed))
local ttl = math.ceil(math.max(holds, closed) - now) + tonumber(ARGV[8])
redis.call('PEXPIRE', KEYS[1], math.max(ttl, redis.call('PTTL', KEYS[1])))
return 1
`);

const release = luaScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`);

const cleanUpAfterMs = 60_000;
const pollEveryMs = 50;
// A call ends at its deadline, and its replica may take a moment to release the slot.
const expireAfterDeadlineMs = 5_000;
const longestSlotMs = 3_600_000;
// Vendors round to seconds, and answers take time.
const sameWindowMs = 2_000;

/**
 * Vendors' budgets that all replicas share: fixed windows that begin with the first request, the limits that vendors state, and a count of
 * running requests. If a replica dies, its slots are free again 5 s after the deadlines of their requests, and after one hour at the
 * latest. Users take turns within each replica. Between replicas, there is no order.
 */
export function redisBudget(redis: Redis, { fallback, maxWaiting }: RedisBudgetOptions): Budget {
  const { clock } = redis;
  const slotsOf = (key: string): string => `budget-places:${key}`;
  const windowOf = (key: string): string => `budget-window:${key}`;

  let firstObservation: Promise<unknown> | undefined;

  const budget = fairBudget({
    clock,
    maxWaiting,
    pollEveryMs,
    counts: {
      async tryTake(key, { concurrent, requests, windowMs }, deadlineAt): Promise<BudgetAnswer> {
        // An earlier observation must arrive first. The very first takes two commands, because Redis does not have the script yet.
        await firstObservation;
        const now = clock.now();
        // Each slot has a name, so that releasing it never releases another slot.
        const id = randomUUID();
        const endsAt = Math.min(Math.max(deadlineAt, now) + expireAfterDeadlineMs, now + longestSlotMs);
        const window = requests === undefined || windowMs === undefined ? ['', ''] : [requests, windowMs];
        const reply = await redis.run(take, [slotsOf(key), windowOf(key)], [now, id, endsAt, concurrent ?? '', ...window, cleanUpAfterMs]);
        if (!Array.isArray(reply)) return { kind: 'delegated', budget: fallback };
        const [kind, until] = reply.map(String);
        if (kind === 'exhausted') return { kind, until: Number(until) };
        if (kind !== 'granted') return { kind: 'full' };
        // The next request uses the same connection, so Redis runs this release first.
        return { kind, release: () => void (concurrent !== undefined && redis.run(release, [slotsOf(key)], [id])) };
      },
      observe(key, { limit = '', remaining = '', resetAt = '', closedUntil = 0 }, holdsUntil) {
        const observed = [limit, remaining, resetAt, holdsUntil, closedUntil];
        const sent = redis.run(observe, [windowOf(key)], [clock.now(), ...observed, sameWindowMs, cleanUpAfterMs]);
        firstObservation ??= sent;
      },
    },
  });
  return {
    ...budget,
    observe(key, limit, observed) {
      if (redis.available) budget.observe(key, limit, observed);
      else fallback.observe(key, limit, observed);
    },
  };
}
