import { expect, test } from 'vitest';
import { Room, type Unread } from '../../../src/mcp/room/room.ts';
import { manualClock } from '../../../src/testing/index.ts';

const acme = { tenant: 'acme', id: 'k1' };
const acme2 = { tenant: 'acme', id: 'k2' };
const other = { tenant: 'other', id: 'k1' };
const half = { tenant: 0.5, key: 0.5 };

const open = (bounds: object = {}, shares = half, clock = manualClock()) =>
  new Room({ arriving: 8, running: 8, listening: 8, bytes: 800, unread: 800, ...bounds }, shares, clock);

/** How many requests in a row the room admits. */
const admitted = (room: Room, who: typeof acme) => {
  let count = 0;
  while (count < 1_000 && room.enter(who)) count += 1;
  return count;
};

/** An answer of which this many bytes are unread. */
const unread = (writableLength: number): Unread & { destroyed: boolean } => ({
  writableLength,
  destroyed: false,
  destroy() {
    this.destroyed = true;
  },
});

test('a key gets half of its tenant’s share, and a tenant half of the room', () => {
  const room = open();
  expect([admitted(room, acme), admitted(room, acme2), admitted(room, acme2)]).toEqual([2, 1, 0]);
  const keys = Array.from({ length: 20 }, (_, index) => ({ tenant: 'other', id: `k${index}` }));
  expect(keys.reduce((sum, key) => sum + admitted(open({ arriving: 800 }), key), 0)).toBe(20 * 200);
  const large = open({ arriving: 800 });
  expect(keys.reduce((sum, key) => sum + admitted(large, key), 0)).toBeLessThanOrEqual(400);
});

test('something is left for the next tenant, however many have taken what they can get', () => {
  const room = open({ arriving: 1_500 });
  const tenants = Array.from({ length: 6 }, (_, index) => `t${index}`);
  const each = tenants.map((tenant) =>
    Array.from({ length: 16 }, (_, key) => admitted(room, { tenant, id: `k${key}` })).reduce((a, b) => a + b),
  );
  expect(Math.max(...each)).toBeLessThanOrEqual(750);
  expect(Math.min(...each)).toBeGreaterThan(0);
  expect(room.enter({ tenant: 'next', id: 'k' })).toBeDefined();
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
  first?.answered(unread(0));
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

test('bytes of a body count until its request is answered', () => {
  const room = open();
  const guest = room.enter(acme);
  expect([guest?.hold(150), guest?.hold(101), guest?.run()]).toEqual([true, false, true]);
  const next = room.enter(acme);
  expect(next?.hold(101)).toBe(false);
  guest?.answered(unread(0));
  expect(next?.hold(200)).toBe(true);
});

test('an unread answer is destroyed after the time that a slow client needs, unless it was read', async () => {
  const clock = manualClock();
  const room = open({ unread: 10_000_000 }, half, clock);
  const [stuck, read] = [unread(160_000), unread(160_000)];
  room.enter(acme)?.answered(stuck);
  const guest = room.enter(other);
  guest?.answered(read);
  guest?.leave();
  await clock.advance(39_999);
  expect(stuck.destroyed).toBe(false);
  await clock.advance(1);
  expect([stuck.destroyed, read.destroyed, clock.sleeping]).toEqual([true, false, 0]);
});

test('a key with too many unread answers loses the oldest, and no answer of another key', () => {
  const room = open();
  const answers = [unread(100), unread(100), unread(100)];
  for (const answer of answers) room.enter(acme)?.answered(answer);
  const others = unread(100);
  room.enter(acme2)?.answered(others);
  expect([...answers, others].map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
  const tooLarge = unread(10_000);
  room.enter(acme)?.answered(tooLarge);
  expect([...answers, others, tooLarge].map(({ destroyed }) => destroyed)).toEqual([true, true, true, false, true]);
});

test('subscriptions take no place of requests that run, and have a share of their own', () => {
  const room = open();
  const listening = [room.enter(acme), room.enter(acme)];
  expect(listening.map((guest) => guest?.listen())).toEqual([true, true]);
  const third = room.enter(acme);
  expect([third?.listen(), third?.run()]).toEqual([false, true]);
  listening[0]?.leave();
  expect(room.enter(acme)?.listen()).toBe(true);
});

test('a request that has left holds nothing more', () => {
  const room = open();
  const guest = room.enter(acme);
  guest?.leave();
  guest?.answered(unread(1));
  expect([guest?.hold(1), guest?.run()]).toEqual([false, false]);
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
