import { stateChecks } from '@busbar/core/testing';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { openDatabase, postgresState, SealError, type Database } from '../../src/index.ts';
import { kinds, type Place } from '../support/databases.ts';

const secret = 'a secret of the tests, of 32 characters or more';
const canary = 'canary-5f1d0c';
const outbox = { name: 'outbox', entry: z.object({ text: z.string() }), max: 10, whenFull: 'refuse' } as const;

describe.each(kinds)('state on $kind', (kind) => {
  let place: Place;
  let database: Database;
  let replica: Database;
  beforeAll(async () => {
    place = await kind.place();
    database = await openDatabase(place.options);
    // A folder has one owner, which may have two stores on it.
    replica = kind.kind === 'pglite' ? database : await openDatabase(place.options);
  });
  afterEach(async () => {
    await sql`truncate state_scopes, state_values, state_logs, state_entries`.execute(database.db);
  });
  afterAll(async () => {
    await replica.close();
    await database.close();
    await place.remove();
  });

  const checks = stateChecks(async ({ maxBytes, ...limits }) => {
    const options = { secret, limits: { ...limits, ...(maxBytes !== undefined && { maxScopeBytes: maxBytes }) } };
    return { first: postgresState(database, options), second: postgresState(replica, options), close: async () => {} };
  });
  test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

  test('leaves no row for a removed value', async () => {
    const state = postgresState(database, { secret }).open('conn-1');
    await state.set('k', 1, undefined);
    await state.log(outbox).append([{ id: 'e1', value: { text: 'x' } }]);
    await state.set('k', undefined, (await state.get('k', z.number()))?.version);
    await state.log(outbox).remove(['e1']);
    expect(await rowsOf(database)).toEqual([]);
  });

  test('counts the size of a scope’s rows', async () => {
    const state = postgresState(database, { secret }).open('conn-1');
    await state.set('key', '1234', undefined);
    await state.log(outbox).append([{ id: 'e1', key: 'k', value: { text: 'x' } }]);
    const { rows } = await sql<{ items: number; bytes: unknown }>`select items, bytes from state_scopes`.execute(database.db);
    expect(rows.map(({ items, bytes }) => [items, Number(bytes)])).toEqual([[2, 'key"1234"e1k{"text":"x"}'.length]]);
  });

  test('shows no key, id or value in a row', async () => {
    const state = postgresState(database, { secret }).open('conn-1');
    await state.set(`key ${canary}`, { token: canary }, undefined);
    await state.log(outbox).append([{ id: `id ${canary}`, key: `to ${canary}`, value: { text: canary } }]);
    const rows = await rowsOf(database);
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row).not.toContain(canary);
  });

  test('a value that was sealed with another secret is an error that says so, and stays', async () => {
    const before = postgresState(database, { secret }).open('conn-1');
    await before.set('k', 1, undefined);
    await before.log(outbox).append([{ id: 'e1', value: { text: 'x' } }]);
    const state = postgresState(database, { secret: `another ${secret}` }).open('conn-1');
    await expect(state.get('k', z.number())).rejects.toThrow(SealError);
    await expect(state.log(outbox).read({ limit: 1 })).rejects.toThrow(/secret that is not configured/);
    expect(await state.set('k', 2, undefined)).toBe(false);
    expect((await before.get('k', z.number()))?.value).toBe(1);
    expect((await before.log(outbox).read({ limit: 1 })).entries).toHaveLength(1);
  });

  test('reads with an earlier secret and seals with the first', async () => {
    const next = `the next ${secret}`;
    const before = postgresState(database, { secret }).open('conn-1');
    await before.set('old', 1, undefined);
    const both = postgresState(database, { secret: [next, secret] }).open('conn-1');
    const read = await both.get('old', z.number());
    expect(read?.value).toBe(1);
    await both.set('old', 2, read?.version);
    expect((await postgresState(database, { secret: next }).open('conn-1').get('old', z.number()))?.value).toBe(2);
    await expect(before.get('old', z.number())).rejects.toThrow(SealError);
  });

  test.each(['scope', 'key'])('does not open a value that was moved to another %s', async (column) => {
    const store = postgresState(database, { secret });
    await store.open('conn-1').set('mine', 1, undefined);
    await store.open('conn-2').set('mine', 2, undefined);
    await store.open('conn-1').set('other', 3, undefined);
    const from = column === 'scope' ? sql`scope = 'conn-2'` : sql`scope = 'conn-1' and version = (select max(version) from state_values)`;
    await sql`update state_values set sealed = (select sealed from state_values where ${from})`.execute(database.db);
    await expect(store.open('conn-1').get('mine', z.number())).rejects.toThrow(SealError);
  });

  test.each(['scope', 'log', 'id'])('does not open an entry that was moved to another %s', async (column) => {
    const state = postgresState(database, { secret }).open('conn-1');
    await state.log(outbox).append([{ id: 'e1', value: { text: 'x' } }]);
    await sql`update state_entries set ${sql.ref(column)} = 'moved'`.execute(database.db);
    const scope = postgresState(database, { secret }).open(column === 'scope' ? 'moved' : 'conn-1');
    const log = scope.log({ ...outbox, name: column === 'log' ? 'moved' : outbox.name });
    await expect(log.read({ limit: 1 })).rejects.toThrow(SealError);
  });

  test('opens the entries of a log in short turns, and one page of a scope at a time', async () => {
    let turn = 0;
    let reading = true;
    const next = () => {
      turn += 1;
      if (reading) setImmediate(next);
    };
    // How many entries were opened in each turn of the event loop.
    const opened = new Map<number, number>();
    const count = () => void opened.set(turn, (opened.get(turn) ?? 0) + 1);
    const log = postgresState(database, { secret })
      .open('conn-1')
      .log({
        name: 'events',
        entry: z.object({ n: z.number() }).refine(() => (count(), true)),
        max: 1_000,
        whenFull: 'drop-oldest',
      });
    await log.append(Array.from({ length: 1_000 }, (_, n) => ({ id: `e${n}`, value: { n } })));
    next();
    const pages = await Promise.all(Array.from({ length: 5 }, () => log.read({ limit: 1_000 }))).finally(() => (reading = false));
    expect(pages.map(({ entries }) => entries.map(({ value }) => value.n))).toEqual(
      pages.map(() => Array.from({ length: 1_000 }, (_, n) => n)),
    );
    // The first of a page may be opened in the same turn as the last of the page before.
    expect(Math.max(...opened.values())).toBeLessThanOrEqual(200);
  });

  test('a page that cannot be read does not keep the next from being read', async () => {
    const log = postgresState(database, { secret }).open('conn-1').log(outbox);
    await log.append([{ id: 'e1', value: { text: 'x' } }]);
    const [failed, read] = await Promise.allSettled([log.read({ limit: 500, after: 'none' }), log.read({ limit: 500 })]);
    expect([failed.status, read]).toMatchObject(['rejected', { status: 'fulfilled', value: { entries: [{ id: 'e1' }] } }]);
  });

  test('does not report a value that JSON cannot hold as an unreachable database', async () => {
    const state = postgresState(database, { secret }).open('conn-1');
    await expect(state.set('k', 1n, undefined)).rejects.toThrow(TypeError);
    await expect(state.log({ ...outbox, entry: z.bigint() }).append([{ id: 'e1', value: 1n }])).rejects.toThrow(TypeError);
  });

  test('refuses a secret that is too short', () => {
    expect(() => postgresState(database, { secret: 'short' })).toThrow(/32 characters/);
  });
});

describe.each(kinds)('state on $kind that was opened again', (kind) => {
  test('is unchanged, and paging continues', async () => {
    const place = await kind.place();
    try {
      const first = await openDatabase(place.options);
      const state = postgresState(first, { secret }).open('conn-1');
      await state.set('k', 1, undefined);
      const log = state.log(outbox);
      await log.append(['e1', 'e2', 'e3'].map((id) => ({ id, value: { text: id } })));
      const { next } = await log.read({ limit: 1 });
      const read = await state.get('k', z.number());
      await first.close();
      await expect(state.get('k', z.number())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(state.set('k', 2, read?.version)).rejects.toMatchObject({ code: 'UNAVAILABLE' });

      const second = await openDatabase(place.options);
      const again = postgresState(second, { secret }).open('conn-1');
      expect(await again.get('k', z.number())).toEqual(read);
      expect((await again.log(outbox).read({ limit: 10, after: next })).entries.map(({ id }) => id)).toEqual(['e2', 'e3']);
      expect(await again.set('k', 2, read?.version)).toBe(true);
      await second.close();
    } finally {
      await place.remove();
    }
  });
});

/** Every row of the tables as text, with the raw sealed bytes. */
async function rowsOf({ db }: Database): Promise<string[]> {
  const rows: string[] = [];
  for (const table of ['state_scopes', 'state_values', 'state_logs', 'state_entries']) {
    const found = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(db);
    for (const row of found.rows)
      rows.push(
        Object.values(row)
          .map((cell) => (cell instanceof Uint8Array ? Buffer.from(cell).toString('latin1') : String(cell)))
          .join('\n'),
      );
  }
  return rows;
}
