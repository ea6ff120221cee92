import assert from 'node:assert/strict';
import type { Clock } from '../../clock.ts';
import type { Lock } from '../../ports/lock.ts';
import type { StoreCheck } from '../store-check.ts';
import { sharedChecks, type OpenedShared, type SharedGuarantee } from './shared-guarantee.ts';

async function taken(lock: Lock, key: string, ttlMs: number): Promise<() => void> {
  const release = await lock.take(key, ttlMs);
  assert.ok(release, 'another has the lock');
  return release;
}

/** Releases, and waits for it to be done: one who does not wait for an answer is done before the answer to what it asks next. */
async function releaseOf(lock: Lock, release: () => void): Promise<void> {
  release();
  await lock.take('after', 1);
}

const promises: readonly SharedGuarantee<Lock, undefined>[] = [
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
      const release = await taken(one, 'k', 1_000);
      assert.equal(await other.take('k', 1_000), undefined);
      await releaseOf(one, release);
      await taken(other, 'k', 1_000);
      assert.equal(await one.take('k', 1_000), undefined);
    },
  },
  {
    name: 'gives a lock that is never released to the next taker when its time is over, and not before',
    settings: undefined,
    async prove(one, other, clock) {
      await taken(one, 'k', 1_000);
      await clock.advance(999);
      assert.equal(await other.take('k', 1_000), undefined);
      await clock.advance(1);
      await taken(other, 'k', 1_000);
    },
  },
  {
    name: 'does not let a late or repeated release end another holder’s lock',
    settings: undefined,
    async prove(one, other, clock) {
      const late = await taken(one, 'k', 1_000);
      await clock.advance(1_000);
      const release = await taken(other, 'k', 1_000);
      await releaseOf(one, late);
      assert.equal(await one.take('k', 1_000), undefined);
      await releaseOf(other, release);
      await taken(one, 'k', 1_000);
      await releaseOf(other, release);
      assert.equal(await other.take('k', 1_000), undefined);
    },
  },
  {
    name: 'keeps the locks of different keys apart',
    settings: undefined,
    async prove(one, other) {
      const release = await taken(one, 'a', 1_000);
      await taken(other, 'a:b', 1_000);
      await taken(other, '', 1_000);
      await releaseOf(one, release);
      assert.equal(await one.take('a:b', 1_000), undefined);
    },
  },
];

/** What `Lock` promises, as checks. `open` makes a lock that goes by the clock and of which nothing is taken; they may run at once where the opened ones share nothing. */
export function lockChecks(open: (clock: Clock) => Promise<OpenedShared<Lock>>): readonly StoreCheck[] {
  return sharedChecks(promises, (_settings, clock) => open(clock));
}
