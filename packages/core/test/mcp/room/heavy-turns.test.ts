import { expect, test } from 'vitest';
import { systemClock } from '../../../src/index.ts';
import { HeavyTurns } from '../../../src/mcp/room/heavy-turns.ts';
import { Room } from '../../../src/mcp/room/room.ts';

/** Turns in a room that several tenants use, or one. */
function openTurns(tenants: readonly string[]) {
  const room = new Room({ arriving: 100, running: 100, listening: 1, bytes: 100, unread: 100 }, { tenant: 1, key: 1 }, systemClock);
  for (const tenant of tenants) room.enter({ tenant, id: 'k' });
  return new HeavyTurns(room);
}

const stays = () => new AbortController().signal;

/** Holds the event loop. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

test('begins one in a turn of the event loop, so that others are served in between', async () => {
  const turns = openTurns(['a']);
  const events: string[] = [];
  const all = [1, 2, 3].map(async (index) => {
    await turns.next('a', stays());
    events.push(`body ${index}`);
  });
  let ended = false;
  const others = (async () => {
    while (!ended) {
      await new Promise((resolve) => setImmediate(resolve));
      if (events.at(-1) !== 'other') events.push('other');
    }
  })();
  await Promise.all(all);
  ended = true;
  await others;
  expect(events.filter((event) => event !== 'other')).toEqual(['body 1', 'body 2', 'body 3']);
  expect(events.indexOf('body 2') - events.indexOf('body 1')).toBe(2);
  expect(events.indexOf('body 3') - events.indexOf('body 2')).toBe(2);
});

test('a body of more than 256 KiB is decoded in one turn of its tenant, and parsed in the next', async () => {
  const read = async (size: number) => {
    const turns = openTurns(['a']);
    const events: string[] = [];
    const steps = { decode: (body: { size: number }) => events.push('decoded') + body.size, parse: () => events.push('parsed') };
    const bodies = [1, 2].map(async () => await turns.read({ size }, 'a', stays(), steps));
    const other = (async () => {
      while (!events.includes('decoded')) await new Promise((resolve) => setImmediate(resolve));
      events.push('other');
    })();
    await Promise.all([...bodies, other]);
    return events;
  };
  expect(await read(256 * 1024)).toEqual(['decoded', 'parsed', 'other', 'decoded', 'parsed']);
  expect(await read(256 * 1024 + 1)).toEqual(['decoded', 'other', 'parsed', 'decoded', 'parsed']);
});

test('tenants take turns, however many bodies one of them has sent', async () => {
  const turns = openTurns(['a', 'b']);
  const order: string[] = [];
  const send = async (tenant: string, name: string) => {
    await turns.next(tenant, stays());
    order.push(name);
  };
  const all = [1, 2, 3, 4, 5].map((index) => send('a', `a${index}`));
  await Promise.all([...all, send('b', 'b1')]);
  expect(order.indexOf('b1')).toBeLessThan(2);
  expect(order.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
});

test('leaves nineteen twentieths of the time to others, if there are any', async () => {
  const takes = async (tenants: readonly string[]) => {
    const turns = openTurns(tenants);
    const start = performance.now();
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        await turns.next('a', stays());
        // What follows in the same turn counts too.
        await Promise.resolve();
        work(10);
      }),
    );
    return performance.now() - start;
  };
  expect(await takes(['a', 'b'])).toBeGreaterThan(4 * 10 + 3 * 190 - 1);
  expect(await takes(['a'])).toBeLessThan(4 * 10 + 3 * 190);
});

test('gives up the turn of a client that has disconnected, and drops its body', async () => {
  const turns = openTurns(['a']);
  const client = new AbortController();
  const order: string[] = [];
  const first = turns.next('a', stays()).then(() => order.push('first'));
  const gone = turns.next('a', client.signal);
  const last = turns.next('a', stays()).then(() => order.push('last'));
  client.abort();
  await expect(gone).rejects.toThrow('disconnected');
  await Promise.all([first, last]);
  expect(order).toEqual(['first', 'last']);
});

test('goes on after a body that fails', async () => {
  const turns = openTurns(['a', 'b']);
  const failing = turns.next('a', stays()).then(() => {
    throw new Error('not JSON');
  });
  const next = turns.next('a', stays());
  await expect(failing).rejects.toThrow('not JSON');
  await next;
  await turns.next('b', stays());
});
