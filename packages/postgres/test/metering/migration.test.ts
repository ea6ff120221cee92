import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { systemClock } from '@busbar/core';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { createApiKeys, openDatabase, postgresMetering, type Database, type DatabaseOptions } from '../../src/index.ts';
import { claimOf } from '../../src/claims.ts';
import * as keysAndUsage from '../../src/migrations/0001-keys-and-usage.ts';
import * as state from '../../src/migrations/0002-state.ts';
import * as calls from '../../src/migrations/0003-calls.ts';
import * as usageIntoCalls from '../../src/migrations/0004-usage-into-calls.ts';
import * as quotaAuditLetters from '../../src/migrations/0005-quota-audit-letters.ts';
import type { Tables } from '../../src/database/tables.ts';
import { databaseOf, kinds, type Kind } from '../support/databases.ts';
import { admitToRun, answerOf, callOf, ending, rowOf, staying } from '../support/ledger.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function openBare(options: DatabaseOptions): Promise<Kysely<Tables>> {
  return 'folder' in options
    ? new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: await PGlite.create(join(options.folder, 'pglite')) }) })
    : new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: options.url }) }) });
}

const through = {
  '0002': { '0001-keys-and-usage': keysAndUsage, '0002-state': state },
  '0004': { '0001-keys-and-usage': keysAndUsage, '0002-state': state, '0003-calls': calls, '0004-usage-into-calls': usageIntoCalls },
};

const began = new Date(Date.UTC(2026, 0, 1));

/** Opens a database of an earlier version, with the data from `fill`, in this version. */
async function openAfter(
  { kind, emptyPlace }: Kind,
  migrations: Readonly<Record<string, Migration>>,
  fill: (before: Database) => Promise<unknown>,
): Promise<Database> {
  const at = await emptyPlace();
  ends.push(() => at.remove());
  const bare = await openBare(at.options);
  const { error } = await new Migrator({ db: bare, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  expect(error).toBeUndefined();
  await fill(databaseOf(kind, bare));
  await bare.destroy();
  const database = await openDatabase(at.options);
  ends.push(() => database.close());
  return database;
}

describe.each(kinds)('a database of an earlier version on $kind', (kind) => {
  test.each([
    ['0001', { '0001-keys-and-usage': keysAndUsage }],
    ['0002', through['0002']],
  ])('keeps its data after migration %s', async (_, migrations) => {
    let key = '';
    const database = await openAfter(kind, migrations, async (before) => {
      ({ key } = await createApiKeys(before, systemClock).create({ tenant: 'acme', name: 'laptop', roles: [] }));
      await sql`insert into usage values ('old', 'acme', 'key-1', 'hello', 'conn-1', 'hello_greet', 'read', 'executed', 'no', 2, 250, ${began.toISOString()})`.execute(
        before.db,
      );
    });
    expect(await createApiKeys(database, systemClock).use(key)).toMatchObject({ tenant: 'acme' });
    const kept = await database.db
      .selectFrom('calls')
      .select(['call_id', 'tenant', 'status', 'upstream_requests', 'started_at', 'ended_at'])
      .execute();
    expect(kept).toEqual([
      {
        call_id: 'old',
        tenant: 'acme',
        status: 'executed',
        upstream_requests: 2,
        started_at: began,
        ended_at: new Date(began.getTime() + 250),
      },
    ]);
    await works(database);
  });

  test.each([
    ['0003', Object.fromEntries(Object.entries(through['0004']).slice(0, 3))],
    ['0004', through['0004']],
  ])('keeps the calls, claims and reports of migration %s, which count as before', async (_, migrations) => {
    const database = await openAfter(kind, migrations, async ({ db }) => {
      const claim = claimOf(callOf());
      const at = began.toISOString();
      for (const [id, status, lease] of [
        ['ran', 'executed', null],
        ['runs', 'running', at],
        ['replayed', 'replayed', null],
        ['asked', 'asked', null],
      ] as const)
        await sql`insert into calls (call_id, tenant, principal, connector, connection, tool, effect, claim, status, started_at, replica, lease_until)
          values (${id}, 'acme', 'key_1', 'zendesk', 'con_1', 'zendesk_create_ticket', 'write', ${id === 'ran' ? claim : null}, ${status}, ${at}, 'r1', ${lease})`.execute(
          db,
        );
      await sql`insert into claims values (${claim}, 'h1', 'ran', ${JSON.stringify(answerOf('kept'))}, ${new Date(systemClock.now() + 3_600_000).toISOString()})`.execute(
        db,
      );
      await sql`insert into deliveries values ('mixpanel', 'con_1', 'event-1', 'delivered', null, ${at})`.execute(db);
    });
    const rows = await database.db.selectFrom('calls').select(['call_id', 'charged', 'units', 'price']).orderBy('call_id').execute();
    expect(rows.map((row) => ({ ...row, price: Number(row.price) }))).toEqual([
      { call_id: 'asked', charged: false, units: 1, price: 0 },
      { call_id: 'ran', charged: true, units: 1, price: 0 },
      { call_id: 'replayed', charged: false, units: 1, price: 0 },
      { call_id: 'runs', charged: true, units: 1, price: 0 },
    ]);
    const metering = postgresMetering(database);
    expect(await metering.admit(callOf(), staying)).toEqual({ kind: 'replay', answer: answerOf('kept') });
    expect(await metering.sweep()).toEqual({ unknown: 1, failed: 0 });
    expect(await database.db.selectFrom('deliveries').select('accepted').execute()).toEqual([{ accepted: 'event-1' }]);
    await works(database);
  });

  test('keeps the keys of migration 0005, which have no maker and can make keys', async () => {
    const migrations = { ...through['0004'], '0005-quota-audit-letters': quotaAuditLetters };
    const before = { tenant: 'acme', name: 'laptop', roles: ['owner'] };
    let key = '';
    const database = await openAfter(kind, migrations, async (old) => {
      ({ key } = await createApiKeys(old, systemClock).create(before));
    });
    const keys = createApiKeys(database, systemClock);
    const maker = await keys.use(key);
    expect(maker).toMatchObject(before);
    expect((await keys.get(maker?.id ?? ''))?.createdBy).toBeUndefined();
    const made = await keys.create(before, { maker, maxOfTenant: 2 });
    expect((await keys.madeBy(maker?.id ?? '')).keys).toMatchObject([{ id: made.id, createdBy: maker?.id }]);
    await expect(keys.create(before, { maker, maxOfTenant: 2 })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

async function works(database: Database): Promise<void> {
  const metering = postgresMetering(database);
  const call = callOf({ key: 'new' });
  await metering.settle(await admitToRun(metering, call), ending('executed', 'yes'));
  expect(await rowOf(database, call)).toMatchObject({ status: 'executed', charged: true });
}
