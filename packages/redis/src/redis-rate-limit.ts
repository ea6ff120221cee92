import type { RateLimit, RateLimitDecision, RateLimitRule } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';

/** Options for {@link redisRateLimit}. */
export interface RedisRateLimitOptions {
  /** The kind of key, such as `address` or `key`. Limits with the same name and rules share their counts. */
  readonly name: string;
  /** Counts while Redis is unreachable. With a `memoryRateLimit` that has the same rules, each replica then grants the whole limit. */
  readonly fallback: RateLimit;
}

// A hash for each key: when the window of each rule began (s1, s2, …) and its count (c1, c2, …). Windows use the clock of the replica that
// runs the script. A window that began in the future of a clock begins now, so that a clock that is set back does not lock a key for longer
// than a window. The hash's time to live is real time; it only cleans up, so it may be longer than the windows.
const take = luaScript(`
local now, ttl = tonumber(ARGV[1]), ARGV[2]
local found, allowed, moved, write = {}, 1, false, {}
local rules = (#ARGV - 2) / 2
for rule = 1, rules do
  local limit, window = tonumber(ARGV[1 + 2 * rule]), tonumber(ARGV[2 + 2 * rule])
  local stored = redis.call('HMGET', KEYS[1], 's' .. rule, 'c' .. rule)
  local started, count = stored[1] or ARGV[1], tonumber(stored[2] or 0)
  if now - tonumber(started) >= window then started, count = ARGV[1], 0 end
  if tonumber(started) > now then started, moved = ARGV[1], true end
  if count >= limit then allowed = 0 end
  found[2 * rule - 1], found[2 * rule] = started, count
end
if allowed == 1 or moved then
  for rule = 1, rules do
    write[4 * rule - 3], write[4 * rule - 2] = 's' .. rule, found[2 * rule - 1]
    write[4 * rule - 1], write[4 * rule] = 'c' .. rule, found[2 * rule] + allowed
  end
  redis.call('HSET', KEYS[1], unpack(write))
  redis.call('PEXPIRE', KEYS[1], ttl)
end
return found
`);

const cleanUpAfterMs = 60_000;
const maxRules = 10;

/**
 * Counts in fixed windows that all replicas share: a key's window begins with its first request and lasts `windowMs`. A request passes if
 * every rule allows it, and counts only then. Redis decides both atomically. If the clocks of replicas differ by d, a window can be up to d
 * longer or shorter.
 *
 * @throws {TypeError} if there is no rule or more than 10, or if a limit or window is not positive.
 */
export function redisRateLimit(redis: Redis, rules: readonly RateLimitRule[], { name, fallback }: RedisRateLimitOptions): RateLimit {
  if (rules.length === 0 || rules.length > maxRules) throw new TypeError(`A rate limit needs at least one rule and at most ${maxRules}.`);
  for (const { limit, windowMs } of rules) {
    if (!(limit >= 1) || !(windowMs > 0))
      throw new TypeError('A rate limit rule needs a limit of at least 1 and a window of more than 0 ms.');
  }
  // The rules are part of the key: after a deployment with other rules, old counts would mean something else.
  const id = `rate:${name}:${rules.map(({ limit, windowMs }) => `${limit}/${windowMs}`).join(',')}`;
  const ttl = Math.ceil(Math.max(...rules.map(({ windowMs }) => windowMs))) + cleanUpAfterMs;
  const limits = rules.flatMap(({ limit, windowMs }) => [limit, windowMs]);
  return {
    async take(key) {
      const now = redis.clock.now();
      const found = await redis.run(take, [`${id}:${key}`], [now, ttl, ...limits]);
      const decision = Array.isArray(found) ? decide(rules, found.map(Number), now) : undefined;
      return decision ?? (await fallback.take(key));
    },
  };
}

function decide(rules: readonly RateLimitRule[], found: readonly number[], now: number): RateLimitDecision | undefined {
  const decisions = rules.map((rule, index) => {
    const left = rule.limit - (found[2 * index + 1] ?? 0);
    const endsAt = (found[2 * index] ?? now) + rule.windowMs;
    return { allowed: left > 0, rule, remaining: Math.max(0, left - 1), resetMs: endsAt - now };
  });
  return decisions.reduce<RateLimitDecision | undefined>(
    (tightest, next) => (!tightest || isTighter(next, tightest) ? next : tightest),
    undefined,
  );
}

// A refusal is tighter than an allowance. The longer of two refusals is tighter, and so is the allowance that has fewer requests left.
function isTighter(a: RateLimitDecision, b: RateLimitDecision): boolean {
  if (a.allowed !== b.allowed) return !a.allowed;
  return a.allowed ? a.remaining < b.remaining : a.resetMs > b.resetMs;
}
