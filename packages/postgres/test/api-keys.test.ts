import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiKeys, openDatabase, type ApiKey, type ApiKeys, type Database } from '../src/index.ts';
import { kinds, type Place } from './support/databases.ts';

describe.each(kinds)('API keys on $kind', ({ place }) => {
  let at: Place;
  let database: Database;
  let keys: ApiKeys;
  let now = Date.UTC(2026, 0, 1);
  const wanted = { tenant: 'acme', name: 'laptop', roles: ['owner'] };

  beforeAll(async () => {
    at = await place();
    database = await openDatabase(at.options);
    keys = createApiKeys(database, {
      now: () => now,
      elapsed: () => now,
      sleep: () => Promise.reject(new Error('not used')),
      timer: () => () => {},
    });
  });
  afterAll(async () => {
    await database?.close();
    await at?.remove();
  });

  test('finds the record of a created key', async () => {
    const { key, ...made } = await keys.create({ ...wanted, toolsets: ['tickets', 'it’s, "odd"'] });
    expect(key).toMatch(/^bb_[A-Za-z0-9_-]{43}$/);
    expect(key.startsWith(made.prefix)).toBe(true);
    expect(await keys.use(key)).toEqual(made);
  });

  test('the record of a key without toolsets has none', async () => {
    const { key } = await keys.create(wanted);
    expect((await keys.use(key))?.toolsets).toBeUndefined();
  });

  test('keeps a hash and never the key', async () => {
    const { key, id, prefix } = await keys.create(wanted);
    const row = await sql<{ row: string }>`select api_keys::text as row from api_keys where id = ${id}`.execute(database.db);
    const stored = row.rows[0]?.row ?? '';
    expect(stored).toContain(prefix);
    expect(stored).not.toContain(key.slice(9));
    expect(stored).toMatch(/[0-9a-f]{64}/);
  });

  test('notes when a key was last used', async () => {
    const { key, id } = await keys.create(wanted);
    const lastUsed = async () => {
      const row = await database.db.selectFrom('api_keys').select('last_used_at').where('id', '=', id).executeTakeFirstOrThrow();
      return row.last_used_at?.getTime();
    };
    expect(await lastUsed()).toBeUndefined();
    now += 60_000;
    await keys.use(key);
    expect(await lastUsed()).toBe(now);
  });

  test('finds no record of a key that was never created, or of text that is not a key', async () => {
    expect(await keys.use(`bb_${'A'.repeat(43)}`)).toBeUndefined();
    expect(await keys.use("bb_' or true --")).toBeUndefined();
    expect(await keys.use('')).toBeUndefined();
  });

  test('finds a good key among 2,000 made-up keys that are looked up at the same time', async () => {
    const { key, id } = await keys.create(wanted);
    const madeUp = Array.from({ length: 2_000 }, (_, index) => keys.use(`bb_${String(index).padStart(43, 'x')}`));
    const found = keys.use(key);
    expect(await found).toMatchObject({ id });
    expect(new Set(await Promise.all(madeUp))).toEqual(new Set([undefined]));
  });

  test('a lookup that begins after a revocation finds nothing, also among others', async () => {
    const made = await Promise.all(Array.from({ length: 50 }, () => keys.create(wanted)));
    await Promise.all(
      made.map(async ({ key, id }) => {
        const before = keys.use(key);
        await keys.revoke(id);
        expect(await keys.use(key)).toBeUndefined();
        await before;
      }),
    );
  });

  test('a revoked key is unknown, and is revoked once', async () => {
    const { key, id } = await keys.create(wanted);
    expect(await keys.revoke(id)).toBe(true);
    expect(await keys.use(key)).toBeUndefined();
    expect(await keys.revoke(id)).toBe(false);
    expect(await keys.revoke('key_unheard-of')).toBe(false);
  });

  test('returns a key by its id, revoked or not, with its times', async () => {
    const { key, id, ...made } = await keys.create({ ...wanted, tenant: 'initech', toolsets: ['tickets'] });
    expect(await keys.get(id)).toMatchObject({ id, tenant: made.tenant, prefix: made.prefix, toolsets: ['tickets'], createdAt: now });
    expect(await keys.get(id)).toMatchObject({ lastUsedAt: undefined, revokedAt: undefined });
    await keys.use(key);
    await keys.revoke(id);
    expect(await keys.get(id)).toMatchObject({ lastUsedAt: now, revokedAt: now });
    expect(await keys.get('key_unheard-of')).toBeUndefined();
  });

  test('lists the keys of a tenant, or of all, page by page', async () => {
    const made = await Promise.all([1, 2, 3].map((n) => keys.create({ ...wanted, tenant: 'globex', name: `key ${n}` })));
    const first = await keys.list({ tenant: 'globex', limit: 2 });
    const second = await keys.list({ tenant: 'globex', limit: 2, after: first.next });
    expect([...first.keys, ...second.keys].map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    expect(second).not.toHaveProperty('next');
    expect(await keys.list({ tenant: 'globex', limit: 3 })).not.toHaveProperty('next');
    const all = await keys.list({ limit: 1_000 });
    expect(all.keys.length).toBeGreaterThan(3);
    expect(JSON.stringify(all)).not.toMatch(/[0-9a-f]{64}/);
    expect((await keys.list({ tenant: 'unknown', limit: 1 })).keys).toEqual([]);
    await keys.revoke(made[0]?.id ?? '');
    expect((await keys.list({ tenant: 'globex', limit: 3 })).keys).toHaveLength(3);
    expect((await keys.list({ tenant: 'globex', valid: true, limit: 3 })).keys.map(({ id }) => id).sort()).toEqual(
      made
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    );
  });

  test.each([0, 1_001, 1.5])('does not list %s keys at once', async (limit) => {
    await expect(keys.list({ limit })).rejects.toThrow(RangeError);
  });

  test('a lookup does not wait for a transaction that has locked the key', async ({ skip }) => {
    if (database.kind === 'pglite') return skip('a folder has one connection');
    const { key, id } = await keys.create(wanted);
    await database.db.transaction().execute(async (trx) => {
      await trx.updateTable('api_keys').set({ name: 'changing' }).where('id', '=', id).execute();
      expect(await keys.use(key)).toMatchObject({ id, name: 'laptop' });
    });
  });

  test('knows who made a key, and finds the valid keys that come from a key, through revoked keys', async () => {
    const makeBy = async (maker: ApiKey, tenant = maker.tenant) => await keys.create({ ...wanted, tenant }, { maker });
    const root = await keys.create({ ...wanted, tenant: 'umbrella' });
    const child = await makeBy(root);
    const between = await makeBy(child);
    const last = await makeBy(between, 'hooli');
    await makeBy(await keys.create({ ...wanted, tenant: 'umbrella' }));
    await keys.revoke(between.id);
    expect(await keys.get(last.id)).toMatchObject({ createdBy: between.id });
    expect((await keys.get(root.id))?.createdBy).toBeUndefined();
    const ids = async (...args: Parameters<ApiKeys['madeBy']>) => (await keys.madeBy(...args)).keys.map(({ id }) => id).sort();
    expect(await ids(root.id)).toEqual([child.id, last.id].toSorted());
    expect(await ids(root.id, { tenant: 'umbrella' })).toEqual([child.id]);
    expect(await keys.madeBy(last.id)).toEqual({ keys: [], more: false });
  });

  test('says that there may be more keys than it has looked at', async () => {
    const { id } = await keys.create({ ...wanted, tenant: 'prolific' });
    await sql`
      insert into api_keys (id, tenant, name, prefix, hash, roles, created_at, revoked_at, created_by)
      select 'key_made_' || n, 'prolific', 'made', 'bb_', 'made ' || n, '{}', now(), now(), ${id} from generate_series(1, 10001) as n`.execute(
      database.db,
    );
    expect(await keys.madeBy(id)).toEqual({ keys: [], more: true });
    await sql`delete from api_keys where id = 'key_made_1'`.execute(database.db);
    expect(await keys.madeBy(id)).toEqual({ keys: [], more: false });
  });

  test.each([
    ['was revoked', sql`revoked_at = now()`],
    ['lost a role', sql`roles = '{}'`],
    ['lost a toolset', sql`toolsets = '{tickets}'`],
    ['lost all but some toolsets', sql`toolsets = '{}'`],
    ['moved to another tenant', sql`tenant = 'globex'`],
  ])('a key that %s since it was read makes no key', async (_, change) => {
    const maker = await keys.create({ ...wanted, toolsets: ['tickets', 'admin'] });
    expect(await keys.create(wanted, { maker })).toMatchObject({ tenant: 'acme' });
    await sql`update api_keys set ${change} where id = ${maker.id}`.execute(database.db);
    await expect(keys.create({ ...wanted, name: 'too late' }, { maker })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const { keys: all } = await keys.list({ limit: 1_000 });
    expect(all.filter(({ name }) => name === 'too late')).toEqual([]);
  });

  test('a key makes no key while another transaction revokes it', async ({ skip }) => {
    if (database.kind === 'pglite') return skip('a folder has one connection');
    const maker = await keys.create(wanted);
    let making: Promise<unknown> | undefined;
    await database.db.transaction().execute(async (trx) => {
      await trx
        .updateTable('api_keys')
        .set({ revoked_at: new Date(now) })
        .where('id', '=', maker.id)
        .execute();
      making = keys.create(wanted, { maker });
      const waiting = sql<{ count: number }>`
        select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      await expect.poll(async () => (await waiting.execute(database.reports)).rows[0]?.count).toBe(1);
    });
    await expect(making).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a tenant gets as many valid keys as are allowed', async () => {
    const create = () => keys.create({ ...wanted, tenant: 'full' }, { maxOfTenant: 3 });
    const made = await Promise.allSettled(Array.from({ length: 12 }, create));
    const ids = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []));
    expect(ids).toHaveLength(3);
    await expect(create()).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('has 3 valid keys') });
    await keys.revoke(ids[0] ?? '');
    expect(await create()).toMatchObject({ tenant: 'full' });
  });

  test('a key of another tenant is neither found nor revoked', async () => {
    const { id } = await keys.create(wanted);
    expect(await keys.get(id, { tenant: 'globex' })).toBeUndefined();
    expect(await keys.revoke(id, { tenant: 'globex' })).toBe(false);
    expect(await keys.get(id, { tenant: 'acme' })).toMatchObject({ id, revokedAt: undefined });
    expect(await keys.revoke(id, { tenant: 'acme' })).toBe(true);
  });

  test('creates one first key, however many processes ask at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => keys.createFirst(wanted)));
    const first = made.filter((key) => key !== undefined);
    expect(first).toHaveLength(1);
    expect(await keys.use(first[0]?.key ?? '')).toMatchObject({ tenant: 'acme' });
    expect(await keys.createFirst(wanted)).toBeUndefined();
  });

  test('deletes keys 90 days after they were revoked, but none whose keys are still stored, and never the first', async () => {
    await keys.createFirst(wanted);
    const [maker, valid] = [await keys.create(wanted), await keys.create(wanted)];
    const made = await keys.create(wanted, { maker });
    const grandchild = await keys.create(wanted, { maker: made });
    for (const { id } of [maker, made, { id: 'key_first' }]) await keys.revoke(id);
    const stored = async () =>
      (await Promise.all([maker.id, made.id, grandchild.id, valid.id, 'key_first'].map((id) => keys.get(id)))).map(Boolean);
    now += 90 * 24 * 60 * 60_000;
    await keys.prune();
    expect(await stored()).toEqual([true, true, true, true, true]);
    now += 1;
    await keys.revoke(grandchild.id);
    await keys.prune();
    expect(await stored()).toEqual([true, true, true, true, true]);
    now += 90 * 24 * 60 * 60_000 + 1;
    for (const left of [
      [true, true, false, true, true],
      [true, false, false, true, true],
      [false, false, false, true, true],
    ]) {
      expect(await keys.prune()).toBeGreaterThan(0);
      expect(await stored()).toEqual(left);
    }
  });
});
