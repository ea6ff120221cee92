import { randomUUID } from 'node:crypto';
import { type Answer, type Budget, type Cache, type Clock, type Lock, type RateLimit } from '@busbar/core';
import { budgetChecks, cacheChecks, lockChecks, manualClock, rateLimitChecks } from '@busbar/core/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { redisBudget, redisCache, redisLock, redisRateLimit, type Redis } from '../src/index.ts';
import { luaScript } from '../src/lua-script.ts';
import { noRedis, sharedPlace } from './servers.ts';

const place = sharedPlace();
afterAll(() => (noRedis ? undefined : place.remove()));

/** Two clients with the same prefix and clock. */
async function pair(clock: Clock): Promise<readonly [Redis, Redis]> {
  return [await place.open({ clock }), await place.open({ clock })];
}

const neverUsed = (): Promise<never> => Promise.reject(new Error('The fallback was used.'));
const fallback: RateLimit & Budget = { take: neverUsed, observe: () => void neverUsed() };

/** Adds a prefix to each key, so that checks share nothing. */
const budgetIn = (budget: Budget, corner: string): Budget => ({
  take: (key, ...rest) => budget.take(`${corner}:${key}`, ...rest),
  observe: (key, ...rest) => budget.observe(`${corner}:${key}`, ...rest),
});
const cacheIn = (cache: Cache, corner: string): Cache => ({
  get: (scope, key) => cache.get(`${corner}:${scope}`, key),
  set: (scope, key, ...rest) => cache.set(`${corner}:${scope}`, key, ...rest),
  clear: (scope) => cache.clear(`${corner}:${scope}`),
});
const lockIn = (lock: Lock, corner: string): Lock => ({ take: (key, ttlMs) => lock.take(`${corner}:${key}`, ttlMs) });

/** Reads, and keeps an answer under the token of that read. */
async function keep(cache: Cache, scope: string, key: string, answer: Answer = { content: [] }, keepMs = 10_000): Promise<void> {
  const { token } = await cache.get(scope, key);
  if (token === undefined) throw new Error('no token');
  await cache.set(scope, key, answer, { token, keepMs });
}

const close = async (): Promise<void> => {};
const limitChecks = rateLimitChecks(async (rules, clock) => {
  const name = randomUUID();
  const [first, second] = (await pair(clock)).map((redis) => redisRateLimit(redis, rules, { name, fallback }));
  if (!first) throw new Error('no limit');
  return { first, ...(second && { second }), close };
});
const budgetsChecked = budgetChecks(async (settings, clock) => {
  const corner = randomUUID();
  const [first, second] = (await pair(clock)).map((redis) => budgetIn(redisBudget(redis, { fallback, ...settings }), corner));
  if (!first) throw new Error('no budget');
  return { first, ...(second && { second }), close };
});
const cachesChecked = cacheChecks(async (clock) => {
  const corner = randomUUID();
  const [first, second] = (await pair(clock)).map((redis) => cacheIn(redisCache(redis), corner));
  if (!first) throw new Error('no cache');
  return { first, ...(second && { second }), close };
});
const locksChecked = lockChecks(async (clock) => {
  const corner = randomUUID();
  const [first, second] = (await pair(clock)).map((redis) => lockIn(redisLock(redis), corner));
  if (!first) throw new Error('no lock');
  return { first, ...(second && { second }), close };
});

describe.skipIf(noRedis)('two replicas on one Redis', () => {
  describe('a rate limit', () => {
    test.each(limitChecks)('$name', async ({ run }) => expect(await run()).toBeUndefined());
  });
  describe('a budget', () => {
    test.each(budgetsChecked)('$name', async ({ run }) => expect(await run()).toBeUndefined());
  });
  describe('a cache', () => {
    test.each(cachesChecked)('$name', async ({ run }) => expect(await run()).toBeUndefined());
  });
  describe('a lock', () => {
    test.each(locksChecked)('$name', async ({ run }) => expect(await run()).toBeUndefined());
  });

  test('every key has the prefix and a time to live', async () => {
    const own = sharedPlace();
    const redis = await own.open();
    const until = { signal: new AbortController().signal, deadlineAt: redis.clock.now() + 1_000 };
    await redisRateLimit(redis, [{ limit: 1, windowMs: 1_000 }], { name: 'key', fallback }).take('a');
    await redisBudget(redis, { fallback }).take('b', { requests: 1, windowMs: 1_000, concurrent: 1 }, until, () => {});
    await keep(redisCache(redis), 's', 'k', { content: [] }, 1_000);
    await redisLock(redis).take('l', 1_000);
    const kept = await own.keys();
    expect(kept.size).toBe(6);
    // Every key outlives its time by a minute. The version of a scope lives for a quarter of an hour, longer than the longest read.
    const longest = (key: string) => (key.includes('cache-scope:') ? [890_000, 900_000] : [1_000, 67_000]);
    for (const [key, ms] of kept) {
      const [more = 0, most = 0] = longest(key);
      expect(ms).toSatisfy((left: number) => left > more && left <= most);
    }
    // Each read renews it.
    await redis.run(luaScript(`return redis.call('PEXPIRE', KEYS[1], 5000)`), ['cache-scope:s'], []);
    await redisCache(redis).get('s', 'k');
    const [[, ms] = []] = [...(await own.keys())].filter(([key]) => key.includes('cache-scope:'));
    expect(ms).toBeGreaterThan(890_000);
    await own.remove();
    expect((await own.keys()).size).toBe(0);
  });

  test('limits of other names or rules do not share their counts', async () => {
    const redis = await place.open();
    const name = randomUUID();
    const rule = { limit: 1, windowMs: 60_000 };
    const take = async (called: string, ...rules: (typeof rule)[]) =>
      (await redisRateLimit(redis, rules, { name: called, fallback }).take('a')).allowed;
    expect(await take(name, rule)).toBe(true);
    expect(await take(name, rule)).toBe(false);
    expect(await take(`${name}-other`, rule)).toBe(true);
    expect(await take(name, { ...rule, windowMs: 30_000 })).toBe(true);
  });

  test('a clock that is set back locks a key for no longer than its window, and frees no key', async () => {
    const clock = manualClock();
    const redis = await place.open({ clock });
    const rules = [
      { limit: 1, windowMs: 60_000 },
      { limit: 10, windowMs: 3_600_000 },
    ];
    const limit = redisRateLimit(redis, rules, { name: randomUUID(), fallback });
    expect(await limit.take('a')).toMatchObject({ allowed: true });
    clock.adjust(-3_600_000);
    expect(await limit.take('a')).toMatchObject({ allowed: false, resetMs: 60_000 });
    await clock.advance(59_999);
    expect(await limit.take('a')).toMatchObject({ allowed: false, resetMs: 1 });
    await clock.advance(1);
    expect(await limit.take('a')).toMatchObject({ allowed: true });
  });

  test('a slot that a dead replica never released is free again 5 s after its deadline', async () => {
    const clock = manualClock();
    const [dead, alive] = await pair(clock);
    const key = randomUUID();
    const { signal } = new AbortController();
    await redisBudget(dead, { fallback }).take(key, { concurrent: 1 }, { signal, deadlineAt: clock.now() + 30_000 }, () => {});
    await dead.close();
    const budget = redisBudget(alive, { fallback });
    const take = () => budget.take(key, { concurrent: 1 }, { signal, deadlineAt: clock.now() }, () => {});
    await clock.advance(34_999);
    await expect(take()).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await clock.advance(1);
    await expect(take()).resolves.toBeTypeOf('function');
  });

  test('a slot that is granted while its request is aborted is released at once', async () => {
    const [first, second] = (await pair(manualClock())).map((redis) => redisBudget(redis, { fallback }));
    const key = randomUUID();
    const abort = new AbortController();
    const until = { signal: abort.signal, deadlineAt: 0 };
    const taken = first?.take(key, { concurrent: 1 }, until, () => {});
    abort.abort(new Error('enough'));
    await expect(taken).rejects.toThrow('enough');
    // The release was sent before this request, so it is done once this request is answered.
    await first?.take(`${key}-next`, { concurrent: 1 }, { ...until, signal: new AbortController().signal }, () => {});
    await expect(second?.take(key, { concurrent: 1 }, { ...until, signal: new AbortController().signal }, () => {})).resolves.toBeTypeOf(
      'function',
    );
  });

  test('a request does not overtake earlier requests of its replica that wait for another replica’s slot', async () => {
    const clock = manualClock();
    const [one, other] = (await pair(clock)).map((redis) => redisBudget(redis, { fallback }));
    if (!one || !other) throw new Error('no budget');
    const key = randomUUID();
    const order: string[] = [];
    const until = { signal: new AbortController().signal, deadlineAt: clock.now() + 60_000 };
    const take = async (name: string) => {
      const release = await one.take(key, { concurrent: 1 }, until, () => {});
      order.push(name);
      release();
    };
    const release = await other.take(key, { concurrent: 1 }, until, () => {});
    const first = take('first');
    await expect.poll(() => clock.sleeping, { timeout: 10_000 }).toBe(1);
    release();
    await other.take(`${key}-next`, { concurrent: 1 }, until, () => {});
    const second = take('second');
    await clock.advance(50);
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
  });

  test('a refusal that one replica receives closes the budget for waiting and new requests of the other', async () => {
    const clock = manualClock();
    const [one, other] = (await pair(clock)).map((redis) => redisBudget(redis, { fallback }));
    if (!one || !other) throw new Error('no budget');
    const key = randomUUID();
    const limit = { requests: 100, windowMs: 60_000 };
    const until = { signal: new AbortController().signal, deadlineAt: clock.now() + 10_000 };
    await other.take(key, limit, until, () => {});
    one.observe(key, limit, { closedUntil: clock.now() + 12_000 });
    await expect(one.take(key, limit, until, () => {})).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 12_000 });
    const refused = await Promise.allSettled(Array.from({ length: 20 }, () => other.take(key, limit, until, () => {})));
    expect(refused.map((end) => end.status === 'rejected' && (end.reason as { retryAfterMs?: number }).retryAfterMs)).toEqual(
      Array.from({ length: 20 }, () => 12_000),
    );
  });

  test('an answer that is too large is not kept, and removes the earlier one', async () => {
    const cache = redisCache(await place.open(), { maxEntryBytes: 100 });
    const scope = randomUUID();
    const answer = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    await keep(cache, scope, 'k', answer('short'));
    expect((await cache.get(scope, 'k')).kept?.answer).toEqual(answer('short'));
    await keep(cache, scope, 'k', answer('é'.repeat(40)));
    expect((await cache.get(scope, 'k')).kept).toBeUndefined();
  });

  test('a clear takes as much work with a thousand entries as with one', async () => {
    const redis = await place.open();
    const commands: (readonly string[])[] = [];
    const counted: Redis = {
      ...redis,
      run: (script, keys, args) => {
        commands.push(keys);
        return redis.run(script, keys, args);
      },
    };
    const cache = redisCache(counted);
    const scope = randomUUID();
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => keep(cache, scope, `${n}`)));
    commands.length = 0;
    await cache.clear(scope);
    expect(commands).toEqual([[`cache-scope:${scope}`]]);
    expect((await cache.get(scope, '999')).kept).toBeUndefined();
  });

  test('a clear that failed is not forgotten if an earlier one of the same scope succeeds late', async () => {
    const replies: ((reply: unknown) => void)[] = [];
    const run = (): Promise<unknown> => new Promise((resolve) => replies.push(resolve));
    const cache = redisCache({ available: true, clock: manualClock(), run, close });
    const commandsSent = (count: number) => expect.poll(() => replies.length, { timeout: 10_000 }).toBe(count);
    const early = cache.clear('s');
    await commandsSent(1);
    const late = cache.clear('s');
    await commandsSent(2);
    replies[1]?.(undefined);
    await late;
    replies[0]?.(1);
    await early;
    const read = cache.get('s', 'k');
    await commandsSent(3);
    replies[2]?.(1);
    await commandsSent(4);
    replies[3]?.(['version', '']);
    expect(await read).toEqual({ kept: undefined, token: 'version' });
  });

  test('keeps no answer while Redis is unreachable, nor an answer whose token is from before a clear', async () => {
    const redis = await place.open();
    let down = false;
    const flaky: Redis = { ...redis, run: (...all) => (down ? Promise.resolve(undefined) : redis.run(...all)) };
    const cache = redisCache(flaky);
    const scope = randomUUID();
    const { token = 'none' } = await cache.get(scope, 'k');
    down = true;
    expect(await cache.get(scope, 'k')).toEqual({ token: undefined });
    await cache.clear(scope);
    await cache.set(scope, 'k', { content: [] }, { token, keepMs: 10_000 });
    down = false;
    // The pending clear is sent first.
    await cache.set(scope, 'k', { content: [] }, { token, keepMs: 10_000 });
    const after = await redisCache(redis).get(scope, 'k');
    expect(after.kept).toBeUndefined();
    expect(after.token).not.toBe(token);
    expect([...(await place.keys()).keys()].filter((key) => key.includes(`cache:${scope}`))).toEqual([]);
  });

  test('if one replica alone cannot reach Redis, others read outdated answers until it reaches Redis again or they expire', async () => {
    const clock = manualClock();
    const [redis, otherRedis] = await pair(clock);
    let down = false;
    const cut: Redis = { ...redis, run: (...all) => (down ? Promise.resolve(undefined) : redis.run(...all)) };
    const [cache, other] = [redisCache(cut), redisCache(otherRedis)];
    const [back, gone] = [randomUUID(), randomUUID()];
    for (const scope of [back, gone]) await keep(cache, scope, 'k');
    down = true;
    for (const scope of [back, gone]) await redisCache(cut).clear(scope);
    await cache.clear(back);
    expect((await other.get(back, 'k')).kept).toBeDefined();
    down = false;
    await cache.get(back, 'any');
    expect((await other.get(back, 'k')).kept).toBeUndefined();
    expect((await other.get(gone, 'k')).kept).toBeDefined();
    await clock.advance(10_000);
    expect((await other.get(gone, 'k')).kept).toBeUndefined();
  });

  test('remembers at most 1,000 scopes that are not cleared yet', async () => {
    const redis = await place.open();
    let down = true;
    const commands: (readonly string[])[] = [];
    const flaky: Redis = {
      ...redis,
      run: (script, keys, args) => {
        if (down) return Promise.resolve(undefined);
        commands.push(keys);
        return redis.run(script, keys, args);
      },
    };
    const cache = redisCache(flaky);
    for (let n = 0; n < 1_001; n += 1) await cache.clear(`s${n}`);
    down = false;
    await cache.get('s1', 'k');
    expect(commands[0]).toHaveLength(1_000);
    expect(commands[0]).not.toContain('cache-scope:s0');
    await cache.get('s1', 'k');
    expect(commands).toHaveLength(3);
  });
});

test('refuses rules that limit nothing, and more than ten rules', () => {
  const redis: Redis = { available: false, clock: manualClock(), run: neverUsed, close };
  const limit = (...rules: { limit: number; windowMs: number }[]) => redisRateLimit(redis, rules, { name: 'key', fallback });
  expect(() => limit()).toThrow(TypeError);
  expect(() => limit({ limit: 0, windowMs: 1 })).toThrow(TypeError);
  expect(() => limit({ limit: 1, windowMs: 0 })).toThrow(TypeError);
  expect(() => limit(...Array.from({ length: 11 }, () => ({ limit: 1, windowMs: 1 })))).toThrow(TypeError);
});
