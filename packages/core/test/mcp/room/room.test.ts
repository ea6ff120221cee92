import { expect, test } from 'vitest';
import { Room } from '../../../src/mcp/room/room.ts';
import { manualClock } from '../../../src/testing/index.ts';

const acme = { tenant: 'acme', id: 'k1' };
const acme2 = { tenant: 'acme', id: 'k2' };
const other = { tenant: 'other', id: 'k1' };
const half = { tenant: 0.5, key: 0.5 };

const open = (bounds: object = {}, shares = half, clock = manualClock()) =>
  new Room({ arriving: 8, running: 8, bytes: 800, ...bounds }, shares, clock);

/** How many requests in a row the room admits. */
const admitted = (room: Room, who: typeof acme) => {
  let count = 0;
  while (count < 100 && room.enter(who)) count += 1;
  return count;
};

test('a key gets half of its tenant’s share, a tenant half of the room, and another tenant still the same', () => {
  const room = open();
  expect([admitted(room, acme), admitted(room, acme2), admitted(room, { tenant: 'acme', id: 'k3' })]).toEqual([2, 2, 0]);
  expect([admitted(room, other), admitted(room, { tenant: 'other', id: 'k2' })]).toEqual([2, 2]);
  expect(admitted(room, { tenant: 'third', id: 'k1' })).toBe(0);
});

test('a share of one may fill the room', () => {
  expect(admitted(open({}, { tenant: 1, key: 1 }), acme)).toBe(8);
});

test('a request that runs leaves its place among those that arrive, and gives its own back once', () => {
  const room = open();
  const first = room.enter(acme);
  const second = room.enter(acme);
  expect(room.enter(acme)).toBeUndefined();
  expect([first?.run(), second?.run()]).toEqual([true, true]);
  const third = room.enter(acme);
  expect(third?.run()).toBe(false);
  expect(first?.answered(0)).toBe(true);
  expect(first?.run()).toBe(false);
  first?.leave();
  first?.leave();
  expect(third?.run()).toBe(true);
  expect(room.enter(acme)?.run()).toBe(false);
});

test('a room is full when all places are taken, and not before', () => {
  const room = open({ running: 2 }, { tenant: 1, key: 1 });
  const guests = [room.enter(acme), room.enter(other)];
  expect([guests[0]?.run(), room.isFull, guests[1]?.run(), room.isFull]).toEqual([true, false, true, true]);
  guests[0]?.leave();
  expect(room.isFull).toBe(false);
});

test('bytes count until their request leaves, also those that a client has not read', () => {
  const room = open();
  const guest = room.enter(acme);
  expect([guest?.hold(150), guest?.hold(51), guest?.run(), guest?.answered(51), guest?.answered(50)]).toEqual([
    true,
    false,
    true,
    false,
    true,
  ]);
  const next = room.enter(acme);
  expect(next?.hold(1)).toBe(false);
  guest?.leave();
  expect(next?.hold(200)).toBe(true);
});

test('a request that has left holds nothing more', () => {
  const room = open();
  const guest = room.enter(acme);
  guest?.leave();
  expect([guest?.hold(1), guest?.run(), guest?.answered(1)]).toEqual([false, false, false]);
  expect([admitted(room, acme), room.isFull]).toEqual([2, false]);
});

test('names of thousands of tenants and keys take up nothing once they have left', () => {
  const room = open();
  const held = room.enter(acme);
  for (let index = 0; index < 5_000; index += 1) {
    room.enter({ tenant: `t${index}`, id: 'k' })?.leave();
    room.enter({ tenant: 'acme', id: `k${index}` })?.leave();
  }
  expect(room.owners).toBeLessThan(2_500);
  // What somebody holds is not forgotten.
  expect([held?.run(), admitted(room, acme)]).toEqual([true, 2]);
});

test('is shared for a while after requests of more than one tenant', async () => {
  const clock = manualClock();
  const room = open({}, half, clock);
  room.enter(acme)?.leave();
  room.enter(acme)?.leave();
  expect(room.isShared(1_000)).toBe(false);
  room.enter(other)?.leave();
  await clock.advance(999);
  expect(room.isShared(1_000)).toBe(true);
  await clock.advance(1);
  expect(room.isShared(1_000)).toBe(false);
});
