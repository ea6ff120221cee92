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
  // On a busy machine a command may be slow although Redis does not hang. Tests of a Redis that hangs set their own timeout.
  const redis = await openRedis(url, { commandTimeoutMs: 10_000, ...options });
  ends.push(() => redis.close());
  return redis;
}

const minute = { limit: 2, windowMs: 60_000 };
const limitOn = (redis: Redis) => redisRateLimit(redis, [minute], { name: 'key', fallback: memoryRateLimit([minute]) });
const answer = { content: [{ type: 'text' as const, text: 'kept' }] };
const unreachable = 'warn: Redis is unreachable: this replica goes on with its own memory';
const back = 'info: Redis is back: limits, budgets and the cache are shared again';

describe.skipIf(noOwnRedis)('a Redis that goes down', () => {
  test('is killed: all replicas continue in memory, log that once, and share again once it is back', async () => {
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
    await Promise.all([log.logged(1), otherLog.logged(1)]);
    expect(redis.available).toBe(false);
    for (let n = 0; n < 2; n += 1) expect((await limit.take('a')).allowed).toBe(true);
    expect((await limit.take('a')).allowed).toBe(false);
    await budget.take('b', { requests: 5, windowMs: 60_000, concurrent: 1 }, until, () => {});
    budget.observe('c', { requests: 5, windowMs: 60_000 }, { closedUntil: until.deadlineAt + 1 });
    await expect(budget.take('c', { requests: 5, windowMs: 60_000 }, until, () => {})).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await cache.get('s', 'k')).toEqual({ token: undefined });
    // Without Redis every request gets its lock.
    expect([await lock.take('l', 60_000), await otherLock.take('l', 60_000)]).toEqual([expect.any(Function), expect.any(Function)]);
    release();

    await server.start();
    await Promise.all([log.logged(2), otherLog.logged(2)]);
    expect(redis.available).toBe(true);
    expect((await limit.take('a')).remaining).toBe(1);
    expect((await otherLimit.take('a')).remaining).toBe(0);
    expect(log.lines).toEqual([unreachable, back]);
    expect(otherLog.lines).toEqual([unreachable, back]);
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
    await log.logged(2);
    expect(log.lines).toEqual([unreachable, back]);
    expect(redis.available).toBe(true);
  });

  test('hangs until its connection is closed, and is found again', async () => {
    const server = await serve();
    const log = keptLog();
    const idleLog = keptLog();
    await open((await serve()).url, { log: idleLog });
    const redis = await open(server.url, { log, commandTimeoutMs: 60_000 });
    server.hang();
    // No command runs: the pings of the client notice it.
    await log.logged(1);
    server.goOn();
    await log.logged(2);
    expect(redis.available).toBe(true);
    expect(log.lines).toEqual([unreachable, back]);
    // The connection to an idle Redis stays.
    expect(idleLog.lines).toEqual([]);
  });

  test('gets the clears of the outage before it is read again', async () => {
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
    await log.logged(2);
    // An answer that was read before the outage is not kept either.
    await cache.set('s', 'late', answer, { token: before, keepMs: 60_000 });
    expect((await cache.get('s', 'late')).kept).toBeUndefined();
    expect((await cache.get('s', 'k')).kept).toBeUndefined();
    expect((await cache.get('other', 'k')).kept?.answer).toEqual(answer);
  });

  test('is unreachable at the start: openRedis resolves anyway, and replicas use Redis once it is reachable', async () => {
    const server = await serve();
    await server.kill();
    const log = keptLog();
    const redis = await open(server.url, { log });
    expect(redis.available).toBe(false);
    expect((await limitOn(redis).take('a')).remaining).toBe(1);
    await server.start();
    await log.logged(2);
    expect((await limitOn(redis).take('a')).remaining).toBe(1);
    expect(log.lines).toEqual([unreachable, back]);
  });

  test('refuses the password: replicas continue in memory, and no log line shows the password', async () => {
    const server = await serve('--requirepass', 'right');
    const logged: unknown[] = [];
    const log: Logger = { ...silentLogger, warn: (...line) => logged.push(line), error: (...line) => logged.push(line) };
    const redis = await open(server.url.replace('//', '//:canary-password@'), { log });
    expect((await limitOn(redis).take('a')).allowed).toBe(true);
    expect(inspect(logged, { depth: 9 })).toContain('WRONGPASS');
    expect(inspect(logged, { depth: 9 })).not.toContain('canary-password');
    await expect(open(server.url.replace('//', '//:right@')).then((opened) => opened.available)).resolves.toBe(true);
  });

  test('refuses commands: each runs in memory, and the log says so once a minute', async () => {
    const server = await serve('--maxmemory', '1');
    const log = keptLog();
    const limit = limitOn(await open(server.url, { log }));
    for (let n = 0; n < 2; n += 1) expect((await limit.take('a')).allowed).toBe(true);
    expect((await limit.take('a')).allowed).toBe(false);
    expect(log.lines).toEqual(['error: Redis refused a command, which was done in memory instead']);
  });

  test('hangs before it refuses: the refusal shows that it is back', async () => {
    const server = await serve('--maxmemory', '1');
    const log = keptLog();
    const limit = limitOn(await open(server.url, { log, commandTimeoutMs: 250 }));
    server.hang();
    await limit.take('a');
    server.goOn();
    await log.logged(2);
    expect(log.lines).toEqual([unreachable, back]);
  });

  test('is not reported as unreachable if this process was busy', async () => {
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

  test('queues at most 10,000 commands', async () => {
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

  test('is unavailable once it is closed, without a log line, and may be closed twice', async () => {
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

test('refuses text that is not a Redis URL without showing it', async () => {
  for (const url of ['', 'http://:canary@host', 'redis://', 'redis://:canary@host:99999999', 'canary'])
    await expect(openRedis(url)).rejects.toSatisfy((error: Error) => error instanceof TypeError && !inspect(error).includes('canary'));
});
