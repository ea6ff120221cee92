import { randomUUID } from 'node:crypto';
import { fairBudget, type Budget, type BudgetAnswer } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';

/** Who grants while Redis is away, and how many may wait. */
export interface RedisBudgetOptions {
  /** Asked, and told what vendors say, while Redis is away. A `memoryBudget`: each replica then grants the whole budget. */
  readonly fallback: Budget;
  /** Most requests of this replica that wait for one budget; of one user half as many. Default 100. */
  readonly maxWaiting?: number;
}

// Places in use: a sorted set of them by the time at which each ends by itself. The window: when it ends, how many it gave, how many it may
// give where the vendor told, what the vendor said is left and until when that holds, and until when it takes nothing.
// A request gets a place and a part of the window, or neither.
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

// As memoryBudget does it: what is told to remain may only fall until its time is over, and news of an earlier time change nothing.
const learn = luaScript(`
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

const giveBack = luaScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`);

const cleanUpAfterMs = 60_000;
const askEveryMs = 50;
// A call ends at its deadline; what its replica does about that may take a moment.
const endAfterDeadlineMs = 5_000;
const longestPlaceMs = 3_600_000;
// Vendors round to seconds, and answers take their time.
const sameWindowMs = 2_000;

/**
 * Vendors' budgets that all replicas share: fixed windows that begin with the first request, what the vendor tells, and a count of what runs.
 * A place that its replica never gave back, because it died, is free again 5 s after the deadline of the request that had it, and after an
 * hour at most. Within each replica users take turns; between replicas nobody keeps an order.
 */
export function redisBudget(redis: Redis, { fallback, maxWaiting }: RedisBudgetOptions): Budget {
  const { clock } = redis;
  const placesOf = (key: string): string => `budget-places:${key}`;
  const windowOf = (key: string): string => `budget-window:${key}`;

  let learned: Promise<unknown> | undefined;

  const budget = fairBudget({
    clock,
    maxWaiting,
    pollEveryMs: askEveryMs,
    counts: {
      async tryTake(key, { concurrent, requests, windowMs }, deadlineAt): Promise<BudgetAnswer> {
        // What was learned before must be known: the first time Redis has to be told the script, and that takes two commands.
        await learned;
        const now = clock.now();
        // Places have names, so giving one back takes none from another.
        const id = randomUUID();
        const endsAt = Math.min(Math.max(deadlineAt, now) + endAfterDeadlineMs, now + longestPlaceMs);
        const window = requests === undefined || windowMs === undefined ? ['', ''] : [requests, windowMs];
        const reply = await redis.run(take, [placesOf(key), windowOf(key)], [now, id, endsAt, concurrent ?? '', ...window, cleanUpAfterMs]);
        if (!Array.isArray(reply)) return { kind: 'delegated', budget: fallback };
        const [kind, until] = reply.map(String);
        if (kind === 'exhausted') return { kind, until: Number(until) };
        if (kind !== 'granted') return { kind: 'full' };
        // The next one asks on the same connection, so after this was given back.
        return { kind, release: () => void (concurrent !== undefined && redis.run(giveBack, [placesOf(key)], [id])) };
      },
      observe(key, { limit = '', remaining = '', resetAt = '', closedUntil = 0 }, holdsUntil) {
        const told = [limit, remaining, resetAt, holdsUntil, closedUntil];
        const sent = redis.run(learn, [windowOf(key)], [clock.now(), ...told, sameWindowMs, cleanUpAfterMs]);
        learned ??= sent;
      },
    },
  });
  return {
    ...budget,
    observe(key, limit, seen) {
      if (redis.available) budget.observe(key, limit, seen);
      else fallback.observe(key, limit, seen);
    },
  };
}
