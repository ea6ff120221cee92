import assert from 'node:assert/strict';
import { z } from 'zod';
import type { StateGuarantee } from './state-guarantee.ts';

const outbox = { name: 'outbox', entry: z.object({ n: z.number() }), max: 3, whenFull: 'refuse' } as const;
const events = { ...outbox, name: 'events', whenFull: 'drop-oldest' } as const;
const full = { code: 'STATE_FULL' };

const entry = (n: number) => ({ id: `e${n}`, value: { n } });

/** Guarantees about a store's limits: it refuses data that does not fit with STATE_FULL, and loses nothing that it already holds. */
export const stateBoundGuarantees: readonly StateGuarantee[] = [
  {
    name: 'refuses a value over the limit in bytes and keeps the previous value',
    limits: { maxValueBytes: 20 },
    async prove(store) {
      const state = store.open('conn-1');
      await assert.rejects(state.set('k', 'x'.repeat(18), undefined), full);
      assert.equal(await state.set('k', 'x'.repeat(17), undefined), true);
      const read = await state.get('k', z.string());
      await assert.rejects(state.set('k', '€'.repeat(6), read?.version), full);
      assert.deepEqual(await state.get('k', z.string()), read);
    },
  },
  {
    name: 'refuses a whole append if one entry is over the limit in bytes, even if the log drops its oldest entries',
    limits: { maxValueBytes: 20 },
    async prove(store) {
      const log = store.open('conn-1').log(events);
      await log.append([entry(1), entry(2), entry(3)]);
      await assert.rejects(log.append([entry(4), { id: 'long'.repeat(5), value: { n: 5 } }]), full);
      await assert.rejects(log.append([{ ...entry(4), key: 'long'.repeat(5) }]), full);
      assert.deepEqual(
        (await log.read({ limit: 10 })).entries.map(({ id }) => id),
        ['e1', 'e2', 'e3'],
      );
    },
  },
  {
    name: 'refuses one key or log too many, still changes existing ones, and accepts a new one after a removal',
    limits: { maxKeys: 2 },
    async prove(store) {
      const state = store.open('conn-1');
      await state.set('a', 1, undefined);
      await state.log(outbox).append([entry(1)]);
      await assert.rejects(state.set('c', 1, undefined), full);
      await assert.rejects(state.log(events).append([entry(1)]), full);
      assert.equal(await state.get('c', z.number()), undefined);
      assert.deepEqual(await state.log(events).read({ limit: 1 }), { entries: [] });
      assert.equal(await state.set('a', 2, (await state.get('a', z.number()))?.version), true);
      assert.deepEqual(await state.log(outbox).append([entry(2)]), { size: 2 });
      await state.log(outbox).remove(['e1', 'e2']);
      assert.equal(await state.set('c', 1, undefined), true);
      assert.equal((await state.get('a', z.number()))?.value, 2);
    },
  },
  {
    name: 'frees the key of a value that no longer fits its schema',
    limits: { maxKeys: 1 },
    async prove(store) {
      const state = store.open('conn-1');
      await state.set('a', 'text', undefined);
      await state.get('a', z.number());
      assert.equal(await state.set('b', 1, undefined), true);
    },
  },
  {
    name: 'refuses one scope too many, and does not count empty scopes',
    limits: { maxScopes: 2 },
    async prove(store) {
      await store.open('conn-1').set('k', 1, undefined);
      await store
        .open('conn-2')
        .log(events)
        .append([entry(1)]);
      await assert.rejects(store.open('conn-3').set('k', 1, undefined), full);
      await assert.rejects(
        store
          .open('conn-3')
          .log(events)
          .append([entry(1)]),
        full,
      );
      assert.equal(await store.open('conn-3').get('k', z.number()), undefined);
      assert.equal(await store.open('conn-1').set('k2', 1, undefined), true);
      await store.open('conn-2').log(events).remove(['e1']);
      assert.equal(await store.open('conn-3').set('k', 1, undefined), true);
      await assert.rejects(store.open('conn-2').set('k', 1, undefined), full);
    },
  },
  {
    name: 'refuses a write over the limit for all bytes, and frees the bytes of replaced and removed values',
    limits: { maxBytes: 100 },
    async prove(store) {
      const state = store.open('conn-1');
      await state.set('stays', 1, undefined);
      await state.set('a', 'x'.repeat(80), undefined);
      await assert.rejects(state.set('b', 'x'.repeat(20), undefined), full);
      await assert.rejects(state.log(outbox).append([entry(1), entry(2), entry(3)]), full);
      assert.deepEqual(await state.log(outbox).read({ limit: 1 }), { entries: [] });
      for (let n = 0; n < 10; n += 1) {
        const read = await state.get('a', z.string());
        assert.equal(await state.set('a', `${n}`.repeat(80 - n), read?.version), true);
      }
      const last = await state.get('a', z.string());
      await assert.rejects(state.set('a', 'x'.repeat(100), last?.version), full);
      assert.deepEqual(await state.get('a', z.string()), last);
      await state.set('a', undefined, last?.version);
      assert.equal(await state.set('b', 'x'.repeat(90), undefined), true);
    },
  },
  {
    name: 'frees the bytes of dropped and removed entries',
    limits: { maxBytes: 45 },
    async prove(store) {
      const log = store.open('conn-1').log(events);
      for (let n = 10; n < 30; n += 1) await log.append([entry(n)]);
      for (let n = 30; n < 50; n += 1) {
        await log.remove([`e${n - 1}`]);
        assert.deepEqual(await log.append([entry(n)]), { size: 3 });
      }
    },
  },
];
