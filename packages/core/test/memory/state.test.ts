import { expect, test } from 'vitest';
import { z } from 'zod';
import { memoryState, type LogSpec } from '../../src/index.ts';

const outbox = { name: 'outbox', entry: z.object({ n: z.number() }), max: 3, whenFull: 'refuse' } as const satisfies LogSpec;
const events = { ...outbox, name: 'events', whenFull: 'drop-oldest' } as const satisfies LogSpec;
const entry = (n: number, key?: string) => ({ id: `e${n}`, value: { n }, ...(key !== undefined && { key }) });
const ids = (page: { entries: readonly { id: string }[] }) => page.entries.map(({ id }) => id);
const full = { code: 'STATE_FULL' };

test('sets only if absent, then only with the version that was read', async () => {
  const state = memoryState().open('conn-1');
  expect(await state.get('k', z.number())).toBeUndefined();
  expect(await state.set('k', 1, undefined)).toBe(true);
  expect(await state.set('k', 2, undefined)).toBe(false);
  const read = await state.get('k', z.number());
  expect(read?.value).toBe(1);
  expect(await state.set('k', 2, read?.version)).toBe(true);
  expect(await state.set('k', 3, read?.version)).toBe(false);
  expect((await state.get('k', z.number()))?.value).toBe(2);
});

test('removes with the version that was read, and a version is never good twice', async () => {
  const state = memoryState().open('conn-1');
  await state.set('k', 1, undefined);
  const read = await state.get('k', z.number());
  expect(await state.set('k', undefined, 'other')).toBe(false);
  expect(await state.set('k', undefined, read?.version)).toBe(true);
  expect(await state.get('k', z.number())).toBeUndefined();
  await state.set('k', 1, undefined);
  expect(await state.set('k', 2, read?.version)).toBe(false);
  expect(await state.set('absent', undefined, undefined)).toBe(true);
});

test('shares nothing with whoever wrote or read', async () => {
  const state = memoryState().open('conn-1');
  const Schema = z.object({ list: z.array(z.number()) });
  const written = { list: [1] };
  await state.set('k', written, undefined);
  written.list.push(2);
  const read = await state.get('k', Schema);
  read?.value.list.push(3);
  expect((await state.get('k', Schema))?.value).toEqual({ list: [1] });
});

test('scopes are apart', async () => {
  const store = memoryState();
  await store.open('conn-1').set('k', 1, undefined);
  await store
    .open('conn-1')
    .log(outbox)
    .append([entry(1)]);
  expect(await store.open('conn-2').get('k', z.number())).toBeUndefined();
  expect(await store.open('conn-2').log(outbox).read({ limit: 10 })).toEqual({ entries: [] });
  expect((await store.open('conn-1').get('k', z.number()))?.value).toBe(1);
});

test('a value that no longer fits its schema is gone, so that it can be set anew', async () => {
  const state = memoryState().open('conn-1');
  await state.set('k', 'text', undefined);
  expect(await state.get('k', z.number())).toBeUndefined();
  expect(await state.set('k', 1, undefined)).toBe(true);
});

test('refuses values over the size, and counts bytes', async () => {
  const state = memoryState({ maxValueBytes: 20 }).open('conn-1');
  await expect(state.set('k', 'x'.repeat(18), undefined)).rejects.toMatchObject(full);
  await expect(state.set('k', '€'.repeat(6), undefined)).rejects.toMatchObject(full);
  expect(await state.set('k', 'x'.repeat(17), undefined)).toBe(true);
  await expect(state.log(outbox).append([{ id: 'long'.repeat(5), value: { n: 1 } }])).rejects.toMatchObject(full);
  expect(await state.log(outbox).read({ limit: 10 })).toEqual({ entries: [] });
});

test('refuses the key after the last, lets known keys change, and takes a new one when one is gone', async () => {
  const state = memoryState({ maxKeys: 2 }).open('conn-1');
  await state.set('a', 1, undefined);
  await state.log(outbox).append([entry(1)]);
  await expect(state.set('c', 1, undefined)).rejects.toMatchObject(full);
  await expect(state.log(events).append([entry(1)])).rejects.toMatchObject(full);
  expect(await state.set('a', 2, (await state.get('a', z.number()))?.version)).toBe(true);
  await state.log(outbox).remove(['e1']);
  expect(await state.set('c', 1, undefined)).toBe(true);
});

test('refuses the scope after the last, and empty ones take no room', async () => {
  const store = memoryState({ maxScopes: 1 });
  await store.open('conn-1').set('k', 1, undefined);
  await expect(store.open('conn-2').set('k', 1, undefined)).rejects.toMatchObject(full);
  await expect(
    store
      .open('conn-2')
      .log(events)
      .append([entry(1)]),
  ).rejects.toMatchObject(full);
  const read = await store.open('conn-1').get('k', z.number());
  await store.open('conn-1').set('k', undefined, read?.version);
  expect(await store.open('conn-2').set('k', 1, undefined)).toBe(true);
});

test('refuses what does not fit into the whole, and gives the room of what is removed or replaced back', async () => {
  const store = memoryState({ maxBytes: 100 });
  const state = store.open('conn-1');
  await state.set('a', 'x'.repeat(80), undefined);
  await expect(store.open('conn-2').set('b', 'x'.repeat(20), undefined)).rejects.toMatchObject(full);
  await expect(
    store
      .open('conn-2')
      .log(outbox)
      .append([entry(1), entry(2), entry(3)]),
  ).rejects.toMatchObject(full);
  for (let n = 0; n < 20; n += 1) {
    const read = await state.get('a', z.string());
    expect(await state.set('a', `${n}`.repeat(40), read?.version)).toBe(true);
  }
  await state.set('a', undefined, (await state.get('a', z.string()))?.version);
  expect(await store.open('conn-2').set('b', 'x'.repeat(90), undefined)).toBe(true);
});

test('entries that are dropped or removed give their room back', async () => {
  const log = memoryState({ maxBytes: 100 }).open('conn-1').log(events);
  for (let n = 0; n < 50; n += 1) await log.append([entry(n)]);
  for (let n = 50; n < 100; n += 1) {
    await log.remove([`e${n - 1}`]);
    expect((await log.append([entry(n)])).size).toBeLessThanOrEqual(3);
  }
});

test('a log keeps the order of appending and takes an id once', async () => {
  const log = memoryState().open('conn-1').log(outbox);
  expect(await log.append([entry(2), entry(1), { id: 'e2', value: { n: 99 } }])).toEqual({ size: 2 });
  expect(await log.append([entry(1), entry(3)])).toEqual({ size: 3 });
  expect(await log.append([entry(1)])).toEqual({ size: 3 });
  expect((await log.read({ limit: 10 })).entries).toEqual([entry(2), entry(1), entry(3)]);
});

test('a full log that refuses takes nothing of an append that does not fit whole', async () => {
  const log = memoryState().open('conn-1').log(outbox);
  await log.append([entry(1), entry(2)]);
  await expect(log.append([entry(3), entry(4)])).rejects.toMatchObject(full);
  expect(ids(await log.read({ limit: 10 }))).toEqual(['e1', 'e2']);
  await log.remove(['e1', 'unknown']);
  expect(await log.append([entry(3), entry(4)])).toEqual({ size: 3 });
});

test('a full log that drops its oldest keeps the newest, even of one append', async () => {
  const log = memoryState().open('conn-1').log(events);
  await log.append([entry(1), entry(2)]);
  expect(await log.append([entry(3), entry(4)])).toEqual({ size: 3 });
  expect(ids(await log.read({ limit: 10 }))).toEqual(['e2', 'e3', 'e4']);
  expect(await log.append([5, 6, 7, 8].map((n) => entry(n)))).toEqual({ size: 3 });
  expect(ids(await log.read({ limit: 10 }))).toEqual(['e6', 'e7', 'e8']);
});

test('pages to the end, and a position stays good when entries are removed', async () => {
  const log = memoryState()
    .open('conn-1')
    .log({ ...outbox, max: 100 });
  await log.append(Array.from({ length: 7 }, (_, n) => entry(n)));
  const first = await log.read({ limit: 3 });
  expect(ids(first)).toEqual(['e0', 'e1', 'e2']);
  await log.remove(['e1', 'e2', 'e3']);
  const second = await log.read({ limit: 2, after: first.next });
  expect(ids(second)).toEqual(['e4', 'e5']);
  const third = await log.read({ limit: 2, after: second.next });
  expect(ids(third)).toEqual(['e6']);
  expect(third.next).toBeUndefined();
});

test('a position stays good when the log was empty in between', async () => {
  const log = memoryState().open('conn-1').log(outbox);
  await log.append([entry(1), entry(2)]);
  const { next } = await log.read({ limit: 1 });
  await log.remove(['e1', 'e2']);
  await log.append([entry(3)]);
  expect(ids(await log.read({ limit: 10, after: next }))).toEqual(['e3']);
});

test('filters by key, over pages', async () => {
  const log = memoryState()
    .open('conn-1')
    .log({ ...outbox, max: 100 });
  await log.append(Array.from({ length: 6 }, (_, n) => entry(n, n % 2 === 0 ? 'even' : 'odd')));
  const first = await log.read({ limit: 2, key: 'odd' });
  expect(ids(first)).toEqual(['e1', 'e3']);
  const second = await log.read({ limit: 2, key: 'odd', after: first.next });
  expect(ids(second)).toEqual(['e5']);
  expect(second.next).toBeUndefined();
});

test('refuses a position that it never gave', async () => {
  const log = memoryState().open('conn-1').log(outbox);
  await expect(log.read({ limit: 1, after: 'made up' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('a page has one entry at least and a thousand at most', async () => {
  const log = memoryState()
    .open('conn-1')
    .log({ ...outbox, max: 2_000 });
  await log.append(Array.from({ length: 1_500 }, (_, n) => entry(n)));
  expect((await log.read({ limit: 0 })).entries).toHaveLength(1);
  expect((await log.read({ limit: 5_000 })).entries).toHaveLength(1_000);
});

test('an entry that no longer fits its schema is passed over and takes up no room', async () => {
  const state = memoryState().open('conn-1');
  await state.log({ ...outbox, entry: z.unknown() }).append([{ id: 'old', value: 'another shape' }, entry(1)]);
  expect(ids(await state.log(outbox).read({ limit: 10 }))).toEqual(['e1']);
  expect(await state.log(outbox).append([entry(2), entry(3)])).toEqual({ size: 3 });
});

test('removing from a log that is not there does nothing', async () => {
  const log = memoryState().open('conn-1').log(outbox);
  await log.remove(['e1']);
  expect(await log.read({ limit: 1 })).toEqual({ entries: [] });
});
