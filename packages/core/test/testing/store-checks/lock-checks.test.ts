import { describe, expect, test } from 'vitest';
import { lockChecks } from '../../../src/testing/index.ts';
import { failedChecks } from './failed-checks.ts';
import { processLock, type LockFaults } from './process-lock.ts';

const close = async (): Promise<void> => {};

const brokenLocks: readonly (readonly [fault: string, finds: string, faults: LockFaults])[] = [
  ['looks, waits, and then takes', 'gives a lock to exactly one of 100 concurrent takers', { slowly: true }],
  ['never releases', 'gives a released lock to the next taker', { never: true }],
  [
    'never expires',
    'gives a lock that is never released to the next taker when its time is over, and not before',
    { ttlOf: () => Number.POSITIVE_INFINITY },
  ],
  [
    'expires too early',
    'gives a lock that is never released to the next taker when its time is over, and not before',
    { ttlOf: (ttlMs) => ttlMs - 1 },
  ],
  ['lets anyone release it', 'does not let a late or repeated release end another holder’s lock', { forAnyone: true }],
  ['has one lock for all keys', 'keeps the locks of different keys apart', { keyOf: () => 'same' }],
  ['reads a key only up to its colon', 'keeps the locks of different keys apart', { keyOf: (key) => key.split(':')[0] ?? '' }],
];

describe('the checks find', () => {
  test.each(brokenLocks)('a lock that %s', async (_fault, finds, faults) => {
    expect(await failedChecks(lockChecks(async (clock) => ({ first: processLock(clock, faults), close })))).toContain(finds);
  });

  test('a lock that each replica has for itself', async () => {
    const found = await failedChecks(lockChecks(async (clock) => ({ first: processLock(clock), second: processLock(clock), close })));
    expect(found).toContain('gives a lock to exactly one of 100 concurrent takers');
  });

  test('nothing in a lock that keeps its guarantees', async () => {
    expect(await failedChecks(lockChecks(async (clock) => ({ first: processLock(clock), close })))).toEqual([]);
  });

  test('at least one broken variant for each guarantee', () => {
    const names = lockChecks(() => Promise.reject(new Error('not opened'))).map(({ name }) => name);
    const found = new Set(brokenLocks.map(([, finds]) => finds));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});
