import assert from 'node:assert/strict';
import type { Clock } from '../../clock.ts';
import type { Lock } from '../../ports/lock.ts';
import type { StoreCheck } from '../store-check.ts';
import { sharedChecks, type OpenedShared, type SharedGuarantee } from './shared-guarantee.ts';

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
    async prove(one, other) {
      const all = await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : other).take('k', 1_000)));
      assert.equal(all.filter((release) => release !== undefined).length, 1);
    },
  },
  {
    name: 'gives a released lock to the next taker',
    settings: undefined,
    async prove(one, other) {
      const release = await take(one, 'k', 1_000);
      assert.equal(await other.take('k', 1_000), undefined);
      await releaseNow(one, release);
      await take(other, 'k', 1_000);
      assert.equal(await one.take('k', 1_000), undefined);
    },
  },
  {
    name: 'gives a lock that is never released to the next taker when its time is over, and not before',
    settings: undefined,
    async prove(one, other, clock) {
      await take(one, 'k', 1_000);
      await clock.advance(999);
      assert.equal(await other.take('k', 1_000), undefined);
      await clock.advance(1);
      await take(other, 'k', 1_000);
    },
  },
  {
    name: 'does not let a late or repeated release end another holder’s lock',
    settings: undefined,
    async prove(one, other, clock) {
      const late = await take(one, 'k', 1_000);
      await clock.advance(1_000);
      const release = await take(other, 'k', 1_000);
      await releaseNow(one, late);
      assert.equal(await one.take('k', 1_000), undefined);
      await releaseNow(other, release);
      await take(one, 'k', 1_000);
      await releaseNow(other, release);
      assert.equal(await other.take('k', 1_000), undefined);
    },
  },
  {
    name: 'keeps the locks of different keys apart',
    settings: undefined,
    async prove(one, other) {
      const release = await take(one, 'a', 1_000);
      await take(other, 'a:b', 1_000);
      await take(other, '', 1_000);
      await releaseNow(one, release);
      assert.equal(await one.take('a:b', 1_000), undefined);
    },
  },
];

/**
 * Returns the guarantees of `Lock` as checks. `open` creates a lock that uses the clock, with no key taken. Checks may run at the same time
 * if the opened locks share nothing.
 */
export function lockChecks(open: (clock: Clock) => Promise<OpenedShared<Lock>>): readonly StoreCheck[] {
  return sharedChecks(guarantees, (_settings, clock) => open(clock));
}
