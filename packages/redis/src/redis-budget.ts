import { randomUUID } from 'node:crypto';
import { UpstreamError, type Budget, type UpstreamLimit } from '@busbar/core';
import { luaScript } from './lua-script.ts';
import type { Redis } from './open-redis.ts';
import { waitingLine, type WaitingLine } from './waiting-line.ts';

/** Who grants while Redis is away, and how many may wait. */
export interface RedisBudgetOptions {
  /** Asked while Redis is away. A `memoryBudget`: each replica then grants the whole budget. */
  readonly fallback: Budget;
  /** Most requests of this replica that wait for one budget. Default 100. */
  readonly maxWaiting?: number;
}

type Until = Parameters<Budget['take']>[2];
type Asked = { readonly kind: 'granted' | 'full' | 'away' } | { readonly kind: 'used'; readonly endsAt: number };

// Places in use: a sorted set of them by the time at which each ends by itself. The window: when it ends, and how many it gave.
// A request gets both or neither.
const take = luaScript(`
local now, id, endsAt, concurrent, requests, window = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
if concurrent ~= '' then
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
  if redis.call('ZCARD', KEYS[1]) >= tonumber(concurrent) then return {'full'} end
end
if requests ~= '' then
  local stored = redis.call('HMGET', KEYS[2], 'ends', 'taken')
  local ends, taken = tonumber(stored[1] or 0), tonumber(stored[2] or 0)
  if now >= ends then ends, taken = now + tonumber(window), 0 end
  if taken >= tonumber(requests) then return {'used', string.format('%.3f', ends)} end
  redis.call('HSET', KEYS[2], 'ends', string.format('%.3f', ends), 'taken', taken + 1)
  redis.call('PEXPIRE', KEYS[2], math.ceil(tonumber(window)) + tonumber(ARGV[7]))
end
if concurrent ~= '' then
  redis.call('ZADD', KEYS[1], endsAt, id)
  local ttl = math.ceil(tonumber(endsAt) - now) + tonumber(ARGV[7])
  redis.call('PEXPIRE', KEYS[1], math.max(ttl, redis.call('PTTL', KEYS[1])))
end
return {'granted'}
`);

const giveBack = luaScript(`return redis.call('ZREM', KEYS[1], ARGV[1])`);

const cleanUpAfterMs = 60_000;
const askEveryMs = 50;
// A call ends at its deadline; what its replica does about that may take a moment.
const endAfterDeadlineMs = 5_000;
const longestPlaceMs = 3_600_000;

/**
 * Vendors' budgets that all replicas share: fixed windows that begin with the first request, and a count of what runs. A place that its
 * replica never gave back, because it died, is free again 5 s after the deadline of the request that had it, and after an hour at most. Places
 * go to the first that waits in each replica; between replicas nobody keeps an order.
 */
export function redisBudget(redis: Redis, { fallback, maxWaiting = 100 }: RedisBudgetOptions): Budget {
  const { clock } = redis;
  // There is a line for as long as somebody waits.
  const lines = new Map<string, { readonly line: WaitingLine; asleep: number }>();

  async function ask(key: string, id: string, { concurrent, requests, windowMs }: UpstreamLimit, deadlineAt: number): Promise<Asked> {
    const now = clock.now();
    const endsAt = Math.min(Math.max(deadlineAt, now) + endAfterDeadlineMs, now + longestPlaceMs);
    const window = requests === undefined || windowMs === undefined ? ['', ''] : [requests, windowMs];
    const keys = [`budget-places:${key}`, `budget-window:${key}`];
    const reply = await redis.run(take, keys, [now, id, endsAt, concurrent ?? '', ...window, cleanUpAfterMs]);
    if (!Array.isArray(reply)) return { kind: 'away' };
    const [kind, ends] = reply.map(String);
    if (kind === 'used') return { kind, endsAt: Number(ends) };
    return { kind: kind === 'granted' ? 'granted' : 'full' };
  }

  function waitersOf(key: string): { readonly line: WaitingLine; asleep: number } {
    const waiters = lines.get(key) ?? { line: waitingLine(clock, askEveryMs), asleep: 0 };
    if (waiters.line.length + waiters.asleep >= maxWaiting)
      throw new UpstreamError('OVERLOADED', `${maxWaiting} requests wait for this connection already. Try again in a moment.`, {
        executed: false,
        transient: false,
      });
    lines.set(key, waiters);
    return waiters;
  }

  function forgetIfEmpty(key: string): void {
    const waiters = lines.get(key);
    if (waiters && waiters.asleep === 0 && waiters.line.length === 0) lines.delete(key);
  }

  async function waitInLine(key: string, id: string, limit: UpstreamLimit, { signal, deadlineAt }: Until): Promise<Asked> {
    try {
      return await waitersOf(key).line.wait(async () => {
        if (clock.now() >= deadlineAt) throw tooLate('no place became free', undefined);
        const asked = await ask(key, id, limit, deadlineAt);
        return asked.kind === 'full' ? undefined : asked;
      }, signal);
    } finally {
      forgetIfEmpty(key);
    }
  }

  async function sleepUntil(endsAt: number, key: string, limit: UpstreamLimit, until: Until, onWait: (ms: number) => void): Promise<void> {
    const waitMs = Math.max(1, endsAt - clock.now());
    if (endsAt >= until.deadlineAt) {
      const windowS = (limit.windowMs ?? 0) / 1000;
      throw tooLate(`it has used the ${limit.requests} requests that the vendor allows in ${windowS} s`, waitMs);
    }
    const waiters = waitersOf(key);
    waiters.asleep += 1;
    try {
      onWait(waitMs);
      await clock.sleep(waitMs, until.signal);
    } finally {
      waiters.asleep -= 1;
      forgetIfEmpty(key);
    }
  }

  return {
    async take(key, limit, until, onWait) {
      until.signal.throwIfAborted();
      const id = randomUUID();
      // Nobody overtakes those who wait in line.
      let asked: Asked = lines.get(key)?.line.length ? { kind: 'full' } : await ask(key, id, limit, until.deadlineAt);
      while (asked.kind !== 'granted') {
        until.signal.throwIfAborted();
        if (asked.kind === 'away') return await fallback.take(key, limit, until, onWait);
        if (asked.kind === 'used') await sleepUntil(asked.endsAt, key, limit, until, onWait);
        asked = asked.kind === 'full' ? await waitInLine(key, id, limit, until) : await ask(key, id, limit, until.deadlineAt);
      }
      // Places have names, so giving one back twice takes none from another.
      const release = (): void => {
        if (limit.concurrent === undefined) return;
        void redis.run(giveBack, [`budget-places:${key}`], [id]);
        // The next one asks on the same connection, so after this was given back.
        lines.get(key)?.line.nudge();
      };
      if (until.signal.aborted) release();
      until.signal.throwIfAborted();
      return release;
    },
  };
}

function tooLate(reason: string, retryAfterMs: number | undefined): UpstreamError {
  return new UpstreamError('RATE_LIMITED', `This connection has to wait for longer than this call may: ${reason}.`, {
    executed: false,
    transient: true,
    retryAfterMs,
  });
}
