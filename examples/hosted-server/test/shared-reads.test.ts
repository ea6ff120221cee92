import { createHost, defineConnector, localPrincipal } from '@busbar/core';
import { redisCache, redisLock } from '@busbar/redis';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { noRedis, sharedPlace } from '../../../packages/redis/test/servers.ts';

const place = sharedPlace();
afterAll(() => (noRedis ? undefined : place.remove()));

/** A replica of a server whose only tool is a read. The replicas share a cache and a lock on Redis. */
async function replica(run: () => Promise<string>) {
  const redis = await place.open();
  const reader = defineConnector({
    spec: 'v1',
    id: 'reader',
    config: z.object({}),
    open: () => ({}),
    tools: (tool) => [
      tool({
        name: 'reader_read_it',
        description: 'Reads.',
        effect: 'read',
        cache: { ttlMs: 60_000 },
        input: z.object({ text: z.string().describe('Anything') }),
        output: z.object({ said: z.string() }),
        run: async () => ({ said: await run() }),
      }),
    ],
  });
  const lock = redisLock(redis);
  const taken: string[] = [];
  const host = createHost({
    connectors: [reader],
    cache: redisCache(redis),
    lock: { take: (key, ttlMs) => (taken.push(key), lock.take(key, ttlMs)) },
  });
  onTestFinished(() => host.close(0));
  const read = async (text: string): Promise<string> => {
    const ended = await host.call({
      principal: localPrincipal,
      tool: 'reader_read_it',
      arguments: { text },
      signal: new AbortController().signal,
    });
    return ended.kind === 'ask' ? 'asked' : JSON.stringify(ended.answer.structuredContent ?? ended.answer.content);
  };
  return { read, taken };
}

describe.skipIf(noRedis)('two replicas on one Redis', () => {
  test('100 equal concurrent reads, 50 on each replica, run once', async () => {
    const go = Promise.withResolvers<void>();
    let runs = 0;
    const run = async () => {
      runs += 1;
      await go.promise;
      return 'once';
    };
    const [one, other] = [await replica(run), await replica(run)];
    const all = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : other).read('a'));
    // Both replicas have asked for the lock, so one waits for the other.
    await expect.poll(() => [one, other].filter(({ taken }) => taken.length > 0).length, { timeout: 10_000 }).toBe(2);
    go.resolve();
    expect(new Set(await Promise.all(all))).toEqual(new Set(['{"said":"once"}']));
    expect(runs).toBe(1);
  });

  test('if the read that runs fails, the other replica runs it', async () => {
    const go = Promise.withResolvers<void>();
    let runs = 0;
    const run = async () => {
      runs += 1;
      if (runs > 1) return 'at last';
      await go.promise;
      throw new Error('broken');
    };
    const [one, other] = [await replica(run), await replica(run)];
    const first = one.read('b');
    await expect.poll(() => runs, { timeout: 10_000 }).toBe(1);
    const second = other.read('b');
    await expect.poll(() => other.taken.length, { timeout: 10_000 }).toBeGreaterThan(0);
    go.resolve();
    expect(await first).toContain('INTERNAL');
    expect(await second).toBe('{"said":"at last"}');
  });
});
