import { silentLogger } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { expect, test } from 'vitest';
import { createHousekeeping } from '../src/housekeeping.ts';

function kept(prune: () => Promise<number>) {
  const clock = manualClock();
  const warned: string[] = [];
  let pruned = 0;
  const log = { ...silentLogger, warn: (_: object, message: string) => void warned.push(message) };
  let prunedKeys = 0;
  const counted = () => {
    pruned += 1;
    return prune();
  };
  const countedKeys = () => {
    prunedKeys += 1;
    return prune();
  };
  const housekeeping = createHousekeeping({ deadLetters: { prune: counted }, apiKeys: { prune: countedKeys }, clock, log });
  return { housekeeping, clock, warned, pruned: () => pruned, prunedKeys: () => prunedKeys };
}

test('drops expired dead letters and keys revoked long ago at the start and every hour, logs how many if there were any, and stops', async () => {
  const left = [0, 0, 2, 0];
  const { housekeeping, clock, warned, pruned, prunedKeys } = kept(async () => left.shift() ?? 0);
  housekeeping.start();
  housekeeping.start();
  await expect.poll(() => clock.sleeping).toBe(1);
  expect([pruned(), warned]).toEqual([1, []]);
  await clock.advance(60 * 60_000);
  await expect.poll(prunedKeys).toBe(2);
  expect(pruned()).toBe(2);
  expect(warned).toEqual([expect.stringContaining('Dead letters were dropped')]);
  await housekeeping.stop();
  await clock.advance(60 * 60_000);
  expect([pruned(), clock.sleeping]).toEqual([2, 0]);
});

test('continues after the database was down', async () => {
  const { housekeeping, clock, warned, pruned } = kept(() => Promise.reject(new Error('gone')));
  housekeeping.start();
  await expect.poll(() => clock.sleeping).toBe(1);
  expect(warned).toEqual(['Expired dead letters could not be dropped', 'Keys that were revoked long ago could not be dropped']);
  await clock.advance(60 * 60_000);
  await expect.poll(pruned).toBe(2);
  await housekeeping.stop();
});
