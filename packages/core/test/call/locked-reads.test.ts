import { expect, test } from 'vitest';
import { memoryCache } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { said, shelfHost, type Run } from '../support/cached-read-host.ts';
import { processLock } from '../testing/store-checks/process-lock.ts';

/** Replicas that share a cache and a lock, the one of this process in the place of Redis. */
function fleet() {
  const clock = manualClock();
  const cache = memoryCache({ clock });
  const lock = processLock(clock);
  const scopes: string[] = [];
  const shared = { ...cache, get: (scope: string, key: string) => (scopes.push(scope), cache.get(scope, key)) };
  return {
    clock,
    clear: () => cache.clear(scopes[0] ?? 'none'),
    replica: (run: Run, callTimeoutMs = 30_000) => shelfHost(run, { clock, cache: shared, lock, callTimeoutMs }),
  };
}

const stuck: Run = async ({ signal }) =>
  await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** Moves the time in small steps until the promise is settled, and tells how long that took. */
async function timeOf(clock: ReturnType<typeof manualClock>, work: Promise<unknown>): Promise<number> {
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

test('a read waits for an equal one in another replica, and gets its answer within 50 ms', async () => {
  const { clock, replica } = fleet();
  const go = Promise.withResolvers<string>();
  const [one, other] = [replica(() => go.promise), replica(async () => 'mine')];
  const first = one.read('a');
  await clock.advance(0);
  const second = other.read('a');
  await clock.advance(1_000);
  go.resolve('yours');
  expect(said(await first)).toBe('yours');
  expect(await timeOf(clock, second)).toBeLessThanOrEqual(50);
  expect(said(await second)).toBe('yours');
  expect(other.statuses()).toEqual(['cached']);
  expect(said(await other.read('b'))).toBe('mine');
});

test('a replica that does not end is waited for for 5 s', async () => {
  const { clock, replica } = fleet();
  const lost = replica(stuck).read('a');
  await clock.advance(0);
  const read = replica(async () => 'mine').read('a');
  expect(await timeOf(clock, read)).toBe(5_000);
  expect(said(await read)).toBe('mine');
  await clock.advance(30_000);
  await lost;
});

test('a replica is waited for for no more than half of the time that the call has', async () => {
  const { clock, replica } = fleet();
  const lost = replica(stuck).read('a');
  await clock.advance(0);
  const read = replica(async () => 'mine', 2_000).read('a');
  expect(await timeOf(clock, read)).toBe(1_000);
  expect(said(await read)).toBe('mine');
  await clock.advance(30_000);
  await lost;
});

test('a replica whose read fails makes way at once, and one that waits hears its own cancel', async () => {
  const { clock, replica } = fleet();
  const go = Promise.withResolvers<string>();
  const failing = replica(() => go.promise).read('a');
  await clock.advance(0);
  const cancel = new AbortController();
  const cancelled = replica(async () => 'never').read('a', { signal: cancel.signal });
  const read = replica(async () => 'mine').read('a');
  await clock.advance(20);
  cancel.abort();
  expect(await timeOf(clock, cancelled)).toBe(0);
  expect((await cancelled).isError).toBe(true);
  go.reject(new Error('broken'));
  await failing;
  expect(await timeOf(clock, read)).toBeLessThanOrEqual(50);
  expect(said(await read)).toBe('mine');
});

test('a read that waits for one from before a write waits for it no longer, and is kept', async () => {
  const { clock, replica, clear } = fleet();
  const go = Promise.withResolvers<string>();
  const old = replica(() => go.promise).read('a');
  await clock.advance(0);
  const { read } = replica(async () => 'new');
  const waiting = read('a');
  await clock.advance(20);
  await clear();
  expect(await timeOf(clock, waiting)).toBeLessThanOrEqual(100);
  expect(said(await waiting)).toBe('new');
  go.resolve('old');
  expect(said(await old)).toBe('old');
  expect(said(await replica(async () => 'another').read('a'))).toBe('new');
});
