import assert from 'node:assert/strict';
import { z } from 'zod';
import type { StateGuarantee } from './state-guarantee.ts';

const number = z.number();

// The last key is half of a surrogate pair. UTF-8 encodes it as the replacement mark, which is the key before it.
const oddKeys = ['__proto__', 'a"b\\c', 'nul\0', 'two words', 'long '.repeat(800), '€', '\ufffd', '\ud83d'];

/** Guarantees about the values of a `State` with one user at a time. */
export const stateValueGuarantees: readonly StateGuarantee[] = [
  {
    name: 'sets an absent key once',
    async prove(store, other) {
      const state = store.open('conn-1');
      assert.equal(await state.get('k', number), undefined);
      assert.equal(await state.set('k', 1, undefined), true);
      assert.equal(await state.set('k', 2, undefined), false);
      assert.equal(await other.open('conn-1').set('k', 3, undefined), false);
      assert.equal((await other.open('conn-1').get('k', number))?.value, 1);
    },
  },
  {
    name: 'changes a value with the version that was read, and with no other',
    async prove(store, other) {
      const state = store.open('conn-1');
      assert.equal(await state.set('k', 1, '1'), false);
      await state.set('k', 1, undefined);
      const read = await other.open('conn-1').get('k', number);
      assert.equal(await state.set('k', 9, 'no version'), false);
      assert.equal(await state.set('k', 2, read?.version), true);
      assert.equal(await state.set('k', 3, read?.version), false);
      assert.equal((await state.get('k', number))?.value, 2);
    },
  },
  {
    name: 'removes a value with the version that was read, and with no other',
    async prove(store) {
      const state = store.open('conn-1');
      await state.set('k', 1, undefined);
      const read = await state.get('k', number);
      assert.equal(await state.set('k', undefined, undefined), false);
      assert.equal(await state.set('k', undefined, 'no version'), false);
      assert.equal((await state.get('k', number))?.value, 1);
      assert.equal(await state.set('k', undefined, read?.version), true);
      assert.equal(await state.get('k', number), undefined);
      assert.equal(await state.set('k', undefined, read?.version), false);
      assert.equal(await state.set('k', undefined, undefined), true);
    },
  },
  {
    name: 'uses no version twice, not even for an equal value',
    async prove(store) {
      const state = store.open('conn-1');
      const versions = new Set<string | undefined>();
      for (let round = 0; round < 3; round += 1) {
        await state.set('k', 1, undefined);
        const read = await state.get('k', number);
        await state.set('k', 1, read?.version);
        const again = await state.get('k', number);
        versions.add(read?.version).add(again?.version);
        await state.set('k', undefined, again?.version);
      }
      assert.equal(versions.size, 6);
      assert.equal(versions.has(undefined), false);
    },
  },
  {
    name: 'shares no object with its writers and readers',
    async prove(store) {
      const state = store.open('conn-1');
      const schema = z.object({ list: z.array(number) });
      const written = { list: [1] };
      await state.set('k', written, undefined);
      written.list.push(2);
      (await state.get('k', schema))?.value.list.push(3);
      assert.deepEqual((await state.get('k', schema))?.value, { list: [1] });
    },
  },
  {
    name: 'stores values as JSON, null included',
    async prove(store) {
      const state = store.open('conn-1');
      await state.set('date', { at: new Date(0), none: undefined }, undefined);
      assert.deepEqual((await state.get('date', z.unknown()))?.value, { at: '1970-01-01T00:00:00.000Z' });
      await state.set('null', null, undefined);
      assert.equal((await state.get('null', z.null()))?.value, null);
      await state.set('text', '\0 € \ud83d\ude00', undefined);
      assert.equal((await state.get('text', z.string()))?.value, '\0 € \ud83d\ude00');
    },
  },
  {
    name: 'returns a value as its schema parses it',
    async prove(store) {
      const state = store.open('conn-1');
      await state.set('k', {}, undefined);
      assert.deepEqual((await state.get('k', z.object({ tries: number.default(0) })))?.value, { tries: 0 });
    },
  },
  {
    name: 'removes a value that no longer fits its schema, so that the key can be set again',
    async prove(store) {
      const state = store.open('conn-1');
      await state.set('k', 'text', undefined);
      assert.equal(await state.get('k', number), undefined);
      assert.equal(await state.get('k', z.string()), undefined);
      assert.equal(await state.set('k', 1, undefined), true);
    },
  },
  {
    name: 'keeps scopes apart',
    async prove(store) {
      const one = store.open('conn-1');
      const spec = { name: 'events', entry: number, max: 3, whenFull: 'refuse' } as const;
      await one.set('k', 1, undefined);
      await one.log(spec).append([{ id: 'e', value: 1 }]);
      for (const scope of ['conn-2', 'conn-1#core', 'CONN-1', 'conn', '']) {
        assert.equal(await store.open(scope).get('k', number), undefined);
        assert.deepEqual(await store.open(scope).log(spec).read({ limit: 10 }), { entries: [] });
        await store.open(scope).log(spec).remove(['e']);
      }
      const two = store.open('conn-2');
      assert.equal(await two.set('k', undefined, (await one.get('k', number))?.version), false);
      assert.equal(await two.set('k', 2, undefined), true);
      assert.equal((await one.get('k', number))?.value, 1);
      assert.equal((await one.log(spec).read({ limit: 10 })).entries.length, 1);
    },
  },
  {
    name: 'keeps a value and a log of the same name apart',
    async prove(store) {
      const state = store.open('conn-1');
      const spec = { name: 'same', entry: number, max: 3, whenFull: 'refuse' } as const;
      await state.set('same', 1, undefined);
      assert.deepEqual(await state.log(spec).append([{ id: 'same', value: 2 }]), { size: 1 });
      assert.deepEqual(await state.log({ ...spec, name: 'another' }).append([{ id: 'same', value: 3 }]), { size: 1 });
      await state.log({ ...spec, name: 'another' }).remove(['same']);
      assert.equal((await state.get('same', number))?.value, 1);
      assert.deepEqual(
        (await state.log(spec).read({ limit: 10 })).entries.map(({ value }) => value),
        [2],
      );
    },
  },
  {
    name: 'accepts any text as a key, an id and an entry’s key',
    async prove(store) {
      const state = store.open('conn-1');
      const log = state.log({ name: 'events', entry: number, max: 100, whenFull: 'refuse' });
      for (const [n, key] of oddKeys.entries()) {
        assert.equal(await state.set(key, n, undefined), true, JSON.stringify(key));
        await log.append([{ id: key, key, value: n }]);
      }
      for (const [n, key] of oddKeys.entries()) {
        assert.equal((await state.get(key, number))?.value, n);
        const { entries } = await log.read({ limit: 10, key });
        assert.deepEqual(
          entries.map((entry) => [entry.id, entry.key, entry.value]),
          [[key, key, n]],
        );
      }
      await log.remove(oddKeys);
      assert.deepEqual(await log.read({ limit: 1 }), { entries: [] });
    },
  },
];
