import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Entry } from '../../connector/state.ts';
import type { StateGuarantee } from './state-guarantee.ts';

const outbox = { name: 'outbox', entry: z.object({ n: z.number() }), max: 3, whenFull: 'refuse' } as const;
const roomy = { ...outbox, max: 2_000 };
const dropping = { ...outbox, whenFull: 'drop-oldest' } as const;
const full = { code: 'STATE_FULL' };

const entry = (n: number, key?: string) => ({ id: `e${n}`, value: { n }, ...(key !== undefined && { key }) });
const numbered = (count: number) => Array.from({ length: count }, (_, n) => entry(n));
const ids = ({ entries }: { readonly entries: readonly Entry<unknown>[] }) => entries.map(({ id }) => id);

/** Guarantees of a log with one user at a time. */
export const stateLogGuarantees: readonly StateGuarantee[] = [
  {
    name: 'a log keeps the order of appending',
    async prove(store, other) {
      const log = store.open('conn-1').log(roomy);
      await log.append([entry(9), entry(1)]);
      await other
        .open('conn-1')
        .log(roomy)
        .append([entry(5)]);
      await log.append([entry(3, 'k')]);
      const { entries } = await other.open('conn-1').log(roomy).read({ limit: 10 });
      assert.deepEqual(
        entries.map(({ id, key, value }) => [id, key, value.n]),
        [
          ['e9', undefined, 9],
          ['e1', undefined, 1],
          ['e5', undefined, 5],
          ['e3', 'k', 3],
        ],
      );
    },
  },
  {
    name: 'a log accepts an id once and says how many entries it holds',
    async prove(store, other) {
      const log = store.open('conn-1').log(outbox);
      assert.deepEqual(await log.append([]), { size: 0 });
      assert.deepEqual(await log.append([entry(2), entry(1), { id: 'e2', value: { n: 99 } }]), { size: 2 });
      assert.deepEqual(
        await other
          .open('conn-1')
          .log(outbox)
          .append([{ id: 'e1', value: { n: 98 } }, entry(3)]),
        { size: 3 },
      );
      assert.deepEqual(await log.append([entry(3)]), { size: 3 });
      const { entries } = await log.read({ limit: 10 });
      assert.deepEqual(
        entries.map(({ value }) => value.n),
        [2, 1, 3],
      );
    },
  },
  {
    name: 'a full log that refuses stores nothing of an append that does not fit whole',
    async prove(store) {
      const log = store.open('conn-1').log(outbox);
      await log.append([entry(1), entry(2)]);
      await assert.rejects(log.append([entry(3), entry(4)]), full);
      assert.deepEqual(ids(await log.read({ limit: 10 })), ['e1', 'e2']);
      await log.remove(['e1', 'unknown']);
      assert.deepEqual(await log.append([entry(3), entry(4)]), { size: 3 });
      assert.deepEqual(ids(await log.read({ limit: 10 })), ['e2', 'e3', 'e4']);
    },
  },
  {
    name: 'a full log that drops its oldest entries keeps the newest, even of one append',
    async prove(store) {
      const log = store.open('conn-1').log(dropping);
      await log.append([entry(1), entry(2)]);
      assert.deepEqual(await log.append([entry(3), entry(4)]), { size: 3 });
      assert.deepEqual(ids(await log.read({ limit: 10 })), ['e2', 'e3', 'e4']);
      assert.deepEqual(await log.append([entry(4), entry(2)]), { size: 3 });
      assert.deepEqual(ids(await log.read({ limit: 10 })), ['e2', 'e3', 'e4']);
      assert.deepEqual(await log.append([5, 6, 7, 8].map((n) => entry(n))), { size: 3 });
      assert.deepEqual(ids(await log.read({ limit: 10 })), ['e6', 'e7', 'e8']);
    },
  },
  {
    name: 'a log pages to its end, and a position stays valid when entries are removed',
    async prove(store, other) {
      const log = store.open('conn-1').log(roomy);
      await log.append(numbered(7));
      const first = await log.read({ limit: 3 });
      assert.deepEqual(ids(first), ['e0', 'e1', 'e2']);
      await log.remove(['e1', 'e2', 'e3']);
      const second = await other.open('conn-1').log(roomy).read({ limit: 2, after: first.next });
      assert.deepEqual(ids(second), ['e4', 'e5']);
      const third = await log.read({ limit: 1, after: second.next });
      assert.deepEqual(ids(third), ['e6']);
      assert.equal(third.next, undefined);
    },
  },
  {
    name: 'a position stays valid when the log was empty in between',
    async prove(store) {
      const log = store.open('conn-1').log(outbox);
      await log.append([entry(1), entry(2)]);
      const { next } = await log.read({ limit: 1 });
      await log.remove(['e1', 'e2']);
      await log.append([entry(3)]);
      assert.deepEqual(ids(await log.read({ limit: 10, after: next })), ['e3']);
    },
  },
  {
    name: 'a log filters by key across pages',
    async prove(store) {
      const log = store.open('conn-1').log(roomy);
      await log.append(Array.from({ length: 6 }, (_, n) => entry(n, n % 2 === 0 ? 'even' : 'odd')));
      await log.append([entry(6)]);
      const first = await log.read({ limit: 2, key: 'odd' });
      assert.deepEqual(ids(first), ['e1', 'e3']);
      const second = await log.read({ limit: 2, key: 'odd', after: first.next });
      assert.deepEqual(ids(second), ['e5']);
      assert.equal(second.next, undefined);
      assert.deepEqual(await log.read({ limit: 2, key: 'none' }), { entries: [] });
    },
  },
  {
    name: 'a log refuses a position that it never returned',
    async prove(store) {
      const log = store.open('conn-1').log(outbox);
      await assert.rejects(log.read({ limit: 1, after: 'made up' }), { code: 'INVALID_INPUT' });
    },
  },
  {
    name: 'a page has at least one entry and at most a thousand',
    async prove(store) {
      const log = store.open('conn-1').log(roomy);
      assert.deepEqual(await log.append(numbered(1_500)), { size: 1_500 });
      assert.equal((await log.read({ limit: 0 })).entries.length, 1);
      const page = await log.read({ limit: 5_000 });
      assert.equal(page.entries.length, 1_000);
      assert.equal(ids(await log.read({ limit: 5_000, after: page.next })).length, 500);
    },
  },
  {
    name: 'a log skips entries that no longer fit their schema, and does not count them',
    async prove(store) {
      const state = store.open('conn-1');
      const old = state.log({ ...outbox, entry: z.unknown() });
      await old.append([{ id: 'old', value: 'another shape' }, entry(1), { id: 'last', value: 'another shape' }]);
      assert.deepEqual(ids(await state.log(outbox).read({ limit: 1 })), ['e1']);
      assert.deepEqual(ids(await state.log(outbox).read({ limit: 10 })), ['e1']);
      assert.deepEqual(ids(await old.read({ limit: 10 })), ['e1']);
      assert.deepEqual(await state.log(outbox).append([entry(2), entry(3)]), { size: 3 });
    },
  },
  {
    name: 'a log shares no object with its writers and readers',
    async prove(store) {
      const log = store.open('conn-1').log(outbox);
      const written = entry(1);
      await log.append([written]);
      written.value.n = 2;
      const [read] = (await log.read({ limit: 1 })).entries;
      if (read) read.value.n = 3;
      assert.equal((await log.read({ limit: 1 })).entries[0]?.value.n, 1);
    },
  },
  {
    name: 'removing from a log that does not exist does nothing',
    async prove(store) {
      const log = store.open('conn-1').log(outbox);
      await log.remove(['e1']);
      await log.remove([]);
      assert.deepEqual(await log.read({ limit: 1 }), { entries: [] });
    },
  },
];
