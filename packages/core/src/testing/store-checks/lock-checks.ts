import assert from 'node:assert/strict';
import type { Clock } from '../../clock.ts';
import type { Lock } from '../../ports/lock.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';
import { sharedChecks, type SharedGuarantee } from './shared-guarantee.ts';

async function take(lock: Lock, key: string, ttlMs: number): Promise<() => void> {
  const release = await lock.take(key, ttlMs);
  assert.ok(release, 'the lock is taken');
  return release;
}

/** Releases a lock, and waits until it is released: a lock that does not wait for an answer handles a release before the next take. */
async function releaseNow(lock: Lock, release: () => void): Promise<void> {
  release();
  await lock.take('after', 1);
}

const guarantees: readonly SharedGuarantee<Lock, undefined>[] = [
  {
    name: 'gives a lock to exactly one of 100 concurrent takers',
    settings: undefined,
    async prove(first, second) {
      const all = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? first : second).take('k', 1_000)));
      assert.equal(all.filter((release) => release !== undefined).length, 1);
    },
  },
  {
    name: 'gives a released lock to the next taker',
    settings: undefined,
    async prove(first, second) {
      const release = await take(first, 'k', 1_000);
      assert.equal(await second.take('k', 1_000), undefined);
      await releaseNow(first, release);
      await take(second, 'k', 1_000);
      assert.equal(await first.take('k', 1_000), undefined);
    },
  },
  {
    name: 'gives a lock that is never released to the next taker when its time is over, and not before',
    settings: undefined,
    async prove(first, second, clock) {
      await take(first, 'k', 1_000);
      await clock.advance(999);
      assert.equal(await second.take('k', 1_000), undefined);
      await clock.advance(1);
      await take(second, 'k', 1_000);
    },
  },
  {
    name: 'does not let a late or repeated release end another holder’s lock',
    settings: undefined,
    async prove(first, second, clock) {
      const late = await take(first, 'k', 1_000);
      await clock.advance(1_000);
      const release = await take(second, 'k', 1_000);
      await releaseNow(first, late);
      assert.equal(await first.take('k', 1_000), undefined);
      await releaseNow(second, release);
      await take(first, 'k', 1_000);
      await releaseNow(second, release);
      assert.equal(await second.take('k', 1_000), undefined);
    },
  },
  {
    name: 'keeps the locks of different keys apart',
    settings: undefined,
    async prove(first, second) {
      const release = await take(first, 'a', 1_000);
      await take(second, 'a:b', 1_000);
      await take(second, '', 1_000);
      await releaseNow(first, release);
      assert.equal(await first.take('a:b', 1_000), undefined);
    },
  },
];

/**
 * Returns the guarantees of `Lock` as checks. `open` creates a lock that uses the given clock and has no key taken. Checks may run at the
 * same time if the opened locks share nothing.
 */
export function lockChecks(open: (clock: Clock) => Promise<OpenedStore<Lock>>): readonly StoreCheck[] {
  return sharedChecks(guarantees, (_settings, clock) => open(clock));
}
