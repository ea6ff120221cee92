import assert from 'node:assert/strict';
import { z } from 'zod';
import type { State, StateStore } from '../../connector/state.ts';
import { ToolError } from '../../errors.ts';
import type { StateGuarantee } from './state-guarantee.ts';

const writers = 20;
const outbox = { name: 'outbox', entry: z.number(), max: 5, whenFull: 'refuse' } as const;
const events = { ...outbox, name: 'events', max: 10, whenFull: 'drop-oldest' } as const;

/** Runs 20 writes at the same time, every second one on the other handle. Returns how many succeeded, with neither false nor STATE_FULL. */
async function race(store: StateStore, other: StateStore, write: (handle: StateStore, n: number) => Promise<unknown>): Promise<number> {
  const attempts = Array.from({ length: writers }, async (_, n) => {
    try {
      return (await write(n % 2 === 0 ? store : other, n)) !== false;
    } catch (error) {
      if (ToolError.is(error) && error.code === 'STATE_FULL') return false;
      throw error;
    }
  });
  return (await Promise.all(attempts)).filter(Boolean).length;
}

async function increment(state: State): Promise<void> {
  for (let conflicts = 0; conflicts < 10 * writers; conflicts += 1) {
    const read = await state.get('count', z.number());
    if (await state.set('count', (read?.value ?? 0) + 1, read?.version)) return;
  }
  assert.fail('Every attempt of an increment lost.');
}

/** Guarantees of a store with many users at the same time. */
export const stateRaceGuarantees: readonly StateGuarantee[] = [
  {
    name: 'lets exactly one of 20 writers set an absent key, change each version, and remove it',
    async prove(store, other) {
      const set = async (value: unknown, version: string | undefined) =>
        race(store, other, async (handle, n) => handle.open('conn-1').set('k', value === undefined ? undefined : n, version));
      assert.equal(await set('n', undefined), 1);
      for (let round = 0; round < 3; round += 1) {
        const read = await store.open('conn-1').get('k', z.number());
        assert.equal(await set('n', read?.version), 1);
      }
      const read = await other.open('conn-1').get('k', z.number());
      assert.equal(await set(undefined, read?.version), 1);
      assert.equal(await store.open('conn-1').get('k', z.number()), undefined);
    },
  },
  {
    name: 'loses none of 20 increments',
    async prove(store, other) {
      await race(store, other, async (handle) => increment(handle.open('conn-1')));
      assert.equal((await store.open('conn-1').get('count', z.number()))?.value, writers);
    },
  },
  {
    name: 'counts keys correctly for 20 writers',
    limits: { maxKeys: 5 },
    async prove(store, other) {
      assert.equal(await race(store, other, async (handle, n) => handle.open('conn-1').set(`k${n}`, n, undefined)), 5);
    },
  },
  {
    name: 'counts scopes correctly for 20 writers',
    limits: { maxScopes: 5 },
    async prove(store, other) {
      assert.equal(await race(store, other, async (handle, n) => handle.open(`conn-${n}`).set('k', n, undefined)), 5);
    },
  },
  {
    name: 'counts bytes correctly for 20 writers',
    limits: { maxBytes: 100 },
    async prove(store, other) {
      const write = async (handle: StateStore, n: number) => handle.open('conn-1').set(`k${n + 10}`, 'x'.repeat(15), undefined);
      assert.equal(await race(store, other, write), 5);
    },
  },
  {
    name: 'accepts one of 20 appends of the same id',
    async prove(store, other) {
      const log = store.open('conn-1').log(outbox);
      await race(store, other, async (handle, n) =>
        handle
          .open('conn-1')
          .log(outbox)
          .append([{ id: 'same', value: n }]),
      );
      assert.equal((await log.read({ limit: 10 })).entries.length, 1);
    },
  },
  {
    name: 'a log that refuses accepts as many of 20 appends as fit, each whole',
    async prove(store, other) {
      const pair = (n: number) => [1, 2].map((part) => ({ id: `${n}.${part}`, value: n }));
      assert.equal(await race(store, other, async (handle, n) => handle.open('conn-1').log(outbox).append(pair(n))), 2);
      const { entries } = await store.open('conn-1').log(outbox).read({ limit: 10 });
      assert.deepEqual(
        entries.map(({ value }) => value),
        [entries[0]?.value, entries[0]?.value, entries[2]?.value, entries[2]?.value],
      );
    },
  },
  {
    name: 'a log that drops its oldest entries stays within its maximum over 20 appends, each whole and in order',
    async prove(store, other) {
      const pair = (n: number) => [1, 2].map((part) => ({ id: `${n}.${part}`, value: n }));
      assert.equal(await race(store, other, async (handle, n) => handle.open('conn-1').log(events).append(pair(n))), writers);
      const { entries } = await store.open('conn-1').log(events).read({ limit: 100 });
      const expected = entries.filter((_, index) => index % 2 === 0).flatMap(({ value }) => pair(value).map(({ id }) => id));
      assert.equal(entries.length, 10);
      assert.deepEqual(
        entries.map(({ id }) => id),
        expected,
      );
    },
  },
  {
    name: 'shows a reader of pages every entry that 20 writers append',
    async prove(store, other) {
      const spec = { ...outbox, max: 100 };
      const ids = new Set<string>();
      let after: string | undefined;
      const readOn = async () => {
        for (;;) {
          const page = await other.open('conn-1').log(spec).read({ limit: 1, after });
          for (const { id } of page.entries) ids.add(id);
          if (page.next === undefined) return;
          after = page.next;
        }
      };
      const reading = async () => {
        for (let round = 0; round < writers; round += 1) await readOn();
      };
      const writing = race(store, other, async (handle, n) =>
        handle
          .open('conn-1')
          .log(spec)
          .append([{ id: `e${n}`, value: n }]),
      );
      await Promise.all([writing, reading()]);
      await readOn();
      assert.equal(ids.size, writers);
    },
  },
];
