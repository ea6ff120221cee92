import { inspect } from 'node:util';
import { memoryBudget, memoryRateLimit, silentLogger, type Logger } from '@busbar/core';
import { afterEach, describe, expect, test } from 'vitest';
import { openRedis, redisBudget, redisCache, redisLock, redisRateLimit, type Redis, type RedisOptions } from '../src/index.ts';
import { keptLog, noOwnRedis, ownServer, type OwnServer } from './servers.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function serve(...settings: readonly string[]): Promise<OwnServer> {
  const server = await ownServer(...settings);
  ends.push(() => server.remove());
  return server;
}
async function open(url: string, options: RedisOptions = {}): Promise<Redis> {
  // A busy machine is not a Redis that hangs: who means that one says so.
  const redis = await openRedis(url, { commandTimeoutMs: 10_000, ...options });
  ends.push(() => redis.close());
  return redis;
}

const minute = { limit: 2, windowMs: 60_000 };
const limitOn = (redis: Redis) => redisRateLimit(redis, [minute], { name: 'key', fallback: memoryRateLimit([minute]) });
const answer = { content: [{ type: 'text' as const, text: 'kept' }] };
const away = 'warn: Redis is away: this replica goes on with what it has in its own memory';
const back = 'info: Redis is back: limits, budgets and the cache are shared again';

describe.skipIf(noOwnRedis)('a Redis that goes away', () => {
  test('is killed: everything goes on in memory, which is said once, and is shared again once it is back', async () => {
    const server = await serve();
    const [log, otherLog] = [keptLog(), keptLog()];
    const redis = await open(server.url, { log });
    const other = await open(server.url, { log: otherLog });
    const [limit, otherLimit] = [limitOn(redis), limitOn(other)];
    const budget = redisBudget(redis, { fallback: memoryBudget() });
    const cache = redisCache(redis);
    const [lock, otherLock] = [redisLock(redis), redisLock(other)];
    const until = { signal: new AbortController().signal, deadlineAt: redis.clock.now() + 60_000 };
    await limit.take('a');
    expect((await otherLimit.take('a')).remaining).toBe(0);
    const release = await budget.take('b', { concurrent: 1 }, until, () => {});

    await server.kill();
    await Promise.all([log.said(1), otherLog.said(1)]);
    expect(redis.available).toBe(false);
    for (let n = 0; n < 2; n += 1) expect((await limit.take('a')).allowed).toBe(true);
    expect((await limit.take('a')).allowed).toBe(false);
    await budget.take('b', { requests: 5, windowMs: 60_000, concurrent: 1 }, until, () => {});
    budget.learn('c', { requests: 5, windowMs: 60_000 }, { closedUntil: until.deadlineAt + 1 });
    await expect(budget.take('c', { requests: 5, windowMs: 60_000 }, until, () => {})).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await cache.get('s', 'k')).toEqual({ token: undefined });
    // Nobody waits for a lock that cannot be asked for.
    expect([await lock.take('l', 60_000), await otherLock.take('l', 60_000)]).toEqual([expect.any(Function), expect.any(Function)]);
    release();

    await server.start();
    await Promise.all([log.said(2), otherLog.said(2)]);
    expect(redis.available).toBe(true);
    expect((await limit.take('a')).remaining).toBe(1);
    expect((await otherLimit.take('a')).remaining).toBe(0);
    expect(log.lines).toEqual([away, back]);
    expect(otherLog.lines).toEqual([away, back]);
  });

  test('hangs: one wait of 250 ms, and none after it', async () => {
    const server = await serve();
    const log = keptLog();
    const redis = await open(server.url, { log, commandTimeoutMs: 250 });
    const limit = limitOn(redis);
    server.hang();
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 20 }, async () => await limit.take('a')));
    const waitedMs = performance.now() - startedAt;
    expect(waitedMs).toBeGreaterThan(200);
    // One wait after another would take 5 s.
    expect(waitedMs).toBeLessThan(5_000);
    expect(redis.available).toBe(false);
    expect(await redis.run({ source: 'return 1', sha1: '0'.repeat(40) }, [], [])).toBeUndefined();
    const nextAt = performance.now();
    for (let n = 0; n < 100; n += 1) await limit.take('b');
    // One wait for each would take 25 s.
    expect(performance.now() - nextAt).toBeLessThan(25_000);

    server.goOn();
    await log.said(2);
    expect(log.lines).toEqual([away, back]);
    expect(redis.available).toBe(true);
  });

  test('hangs for longer than the connection is kept, and is found again', async () => {
    const server = await serve();
    const log = keptLog();
    const idleLog = keptLog();
    await open((await serve()).url, { log: idleLog });
    const redis = await open(server.url, { log, commandTimeoutMs: 60_000 });
    server.hang();
    // Nobody asks anything: its own pings find out.
    await log.said(1);
    server.goOn();
    await log.said(2);
    expect(redis.available).toBe(true);
    expect(log.lines).toEqual([away, back]);
    // One that lives is not given up meanwhile, though nobody asks it anything either.
    expect(idleLog.lines).toEqual([]);
  });

  test('is cleared of what was written through meanwhile before it is read again', async () => {
    const server = await serve();
    const log = keptLog();
    const cache = redisCache(await open(server.url, { log, commandTimeoutMs: 1_000 }));
    for (const scope of ['s', 'other']) {
      const { token = 'none' } = await cache.get(scope, 'k');
      await cache.set(scope, 'k', answer, { token, keepMs: 60_000 });
    }
    const before = (await cache.get('s', 'k')).token ?? 'none';
    server.hang();
    expect(await cache.get('s', 'k')).toEqual({ token: undefined });
    await cache.clear('s');
    server.goOn();
    await log.said(2);
    // What was read before Redis went is not kept either.
    await cache.set('s', 'late', answer, { token: before, keepMs: 60_000 });
    expect((await cache.get('s', 'late')).kept).toBeUndefined();
    expect((await cache.get('s', 'k')).kept).toBeUndefined();
    expect((await cache.get('other', 'k')).kept?.answer).toEqual(answer);
  });

  test('is not there at the start: opens all the same, and joins in when it comes', async () => {
    const server = await serve();
    await server.kill();
    const log = keptLog();
    const redis = await open(server.url, { log });
    expect(redis.available).toBe(false);
    expect((await limitOn(redis).take('a')).remaining).toBe(1);
    await server.start();
    await log.said(2);
    expect((await limitOn(redis).take('a')).remaining).toBe(1);
    expect(log.lines).toEqual([away, back]);
  });

  test('refuses the password: goes on in memory, and no log line shows it', async () => {
    const server = await serve('--requirepass', 'right');
    const heard: unknown[] = [];
    const log: Logger = { ...silentLogger, warn: (...said) => heard.push(said), error: (...said) => heard.push(said) };
    const redis = await open(server.url.replace('//', '//:canary-password@'), { log });
    expect((await limitOn(redis).take('a')).allowed).toBe(true);
    expect(inspect(heard, { depth: 9 })).toContain('WRONGPASS');
    expect(inspect(heard, { depth: 9 })).not.toContain('canary-password');
    await expect(open(server.url.replace('//', '//:right@')).then((opened) => opened.available)).resolves.toBe(true);
  });

  test('refuses commands: each is done in memory, and it is said once a minute', async () => {
    const server = await serve('--maxmemory', '1');
    const log = keptLog();
    const limit = limitOn(await open(server.url, { log }));
    for (let n = 0; n < 2; n += 1) expect((await limit.take('a')).allowed).toBe(true);
    expect((await limit.take('a')).allowed).toBe(false);
    expect(log.lines).toEqual(['error: Redis refused a command, which was done without it']);
  });

  test('hangs before it refuses: the refusal shows that it is back', async () => {
    const server = await serve('--maxmemory', '1');
    const log = keptLog();
    const limit = limitOn(await open(server.url, { log, commandTimeoutMs: 250 }));
    server.hang();
    await limit.take('a');
    server.goOn();
    await log.said(2);
    expect(log.lines).toEqual([away, back]);
  });

  test('is not called away where this process was busy', async () => {
    const server = await serve();
    const log = keptLog();
    const limit = limitOn(await open(server.url, { log, commandTimeoutMs: 1_000 }));
    const taken = Promise.all([limit.take('a'), limit.take('a')]);
    const busyUntil = performance.now() + 1_200;
    while (performance.now() < busyUntil);
    await taken;
    expect((await limit.take('a')).allowed).toBe(false);
    expect(log.lines).toEqual([]);
  });

  test('holds up 10,000 commands at most', async () => {
    const server = await serve();
    const redis = await open(server.url, { commandTimeoutMs: 60_000 });
    const script = { source: 'return 1', sha1: '0'.repeat(40) };
    server.hang();
    let answered = 0;
    const held = Array.from({ length: 10_000 }, () => redis.run(script, [], []).then(() => (answered += 1)));
    expect(await redis.run(script, [], [])).toBeUndefined();
    expect(answered).toBeLessThan(10);
    await server.kill();
    await Promise.all(held);
  });

  test('a closed one is away, says nothing of it, and may be closed twice', async () => {
    const server = await serve();
    const log = keptLog();
    const redis = await open(server.url, { log });
    await redis.close();
    await redis.close();
    expect(redis.available).toBe(false);
    expect((await limitOn(redis).take('a')).allowed).toBe(true);
    expect(log.lines).toEqual([]);
  });
});

test('refuses what is no URL of a Redis without showing it', async () => {
  for (const url of ['', 'http://:canary@host', 'redis://', 'redis://:canary@host:99999999', 'canary'])
    await expect(openRedis(url)).rejects.toSatisfy((error: Error) => error instanceof TypeError && !inspect(error).includes('canary'));
});
