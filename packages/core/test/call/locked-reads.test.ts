import { expect, test } from 'vitest';
import { memoryCache } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { said, cachedReadHost, type Run } from '../support/cached-read-host.ts';
import { processLock } from '../testing/store-checks/process-lock.ts';

/** Replicas that share a cache and a lock. An in-process lock replaces the lock in Redis. */
function sharedReplicas() {
  const clock = manualClock();
  const cache = memoryCache({ clock });
  const lock = processLock(clock);
  const scopes: string[] = [];
  const shared = { ...cache, get: (scope: string, key: string) => (scopes.push(scope), cache.get(scope, key)) };
  return {
    clock,
    clear: () => cache.clear(scopes[0] ?? 'none'),
    replica: (run: Run, callTimeoutMs = 30_000) => cachedReadHost(run, { clock, cache: shared, lock, callTimeoutMs }),
  };
}

const stuck: Run = async ({ signal }) =>
  await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** Advances the clock in small steps until the promise settles, and returns how long that took. */
async function timeUntilSettled(clock: ReturnType<typeof manualClock>, work: Promise<unknown>): Promise<number> {
  const startedAt = clock.now();
  let settled = false;
  work.then(
    () => (settled = true),
    () => (settled = true),
  );
  await clock.advance(0);
  while (!settled && clock.now() < startedAt + 60_000) await clock.advance(10);
  return clock.now() - startedAt;
}

test('a read waits for an equal read of another replica, and gets its answer within 50 ms', async () => {
  const { clock, replica } = sharedReplicas();
  const go = Promise.withResolvers<string>();
  const [a, b] = [replica(() => go.promise), replica(async () => 'mine')];
  const first = a.read('a');
  await clock.advance(0);
  const second = b.read('a');
  await clock.advance(1_000);
  go.resolve('yours');
  expect(said(await first)).toBe('yours');
  expect(await timeUntilSettled(clock, second)).toBeLessThanOrEqual(50);
  expect(said(await second)).toBe('yours');
  expect(b.statuses()).toEqual(['cached']);
  expect(said(await b.read('b'))).toBe('mine');
});

test('a read waits 5 s for a replica whose read does not end', async () => {
  const { clock, replica } = sharedReplicas();
  const lost = replica(stuck).read('a');
  await clock.advance(0);
  const read = replica(async () => 'mine').read('a');
  expect(await timeUntilSettled(clock, read)).toBe(5_000);
  expect(said(await read)).toBe('mine');
  await clock.advance(30_000);
  await lost;
});

test('a read waits for another replica for at most half of its time', async () => {
  const { clock, replica } = sharedReplicas();
  const lost = replica(stuck).read('a');
  await clock.advance(0);
  const read = replica(async () => 'mine', 2_000).read('a');
  expect(await timeUntilSettled(clock, read)).toBe(1_000);
  expect(said(await read)).toBe('mine');
  await clock.advance(30_000);
  await lost;
});

test('a read stops waiting once the other replica’s read has failed, and it can be cancelled while it waits', async () => {
  const { clock, replica } = sharedReplicas();
  const go = Promise.withResolvers<string>();
  const failing = replica(() => go.promise).read('a');
  await clock.advance(0);
  const cancel = new AbortController();
  const cancelled = replica(async () => 'never').read('a', { signal: cancel.signal });
  const read = replica(async () => 'mine').read('a');
  await clock.advance(20);
  cancel.abort();
  expect(await timeUntilSettled(clock, cancelled)).toBe(0);
  expect((await cancelled).isError).toBe(true);
  go.reject(new Error('broken'));
  await failing;
  expect(await timeUntilSettled(clock, read)).toBeLessThanOrEqual(50);
  expect(said(await read)).toBe('mine');
});

test('a read stops waiting for an older read once a write has cleared the cache, and its own answer is kept', async () => {
  const { clock, replica, clear } = sharedReplicas();
  const go = Promise.withResolvers<string>();
  const old = replica(() => go.promise).read('a');
  await clock.advance(0);
  const { read } = replica(async () => 'new');
  const waiting = read('a');
  await clock.advance(20);
  await clear();
  expect(await timeUntilSettled(clock, waiting)).toBeLessThanOrEqual(100);
  expect(said(await waiting)).toBe('new');
  go.resolve('old');
  expect(said(await old)).toBe('old');
  expect(said(await replica(async () => 'another').read('a'))).toBe('new');
});
