import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { systemClock } from '@busbar/core';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { createApiKeys, openDatabase, postgresMetering, type DatabaseOptions } from '../src/index.ts';
import * as keysAndUsage from '../src/migrations/0001-keys-and-usage.ts';
import * as state from '../src/migrations/0002-state.ts';
import type { Tables } from '../src/tables.ts';
import { kinds } from './databases.ts';
import { admitToRun, callOf, ending, rowOf } from './ledger.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function openBare(options: DatabaseOptions): Promise<Kysely<Tables>> {
  return 'folder' in options
    ? new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: await PGlite.create(join(options.folder, 'pglite')) }) })
    : new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: options.url }) }) });
}

describe.each(kinds)('the ledger comes to a database on $kind', ({ kind, place }) => {
  test.each([
    ['0001', { '0001-keys-and-usage': keysAndUsage }],
    ['0002', { '0001-keys-and-usage': keysAndUsage, '0002-state': state }],
  ])('that %s has left with data in it, and what is there stays', async (_, migrations) => {
    const at = await place();
    ends.push(() => at.remove());
    const bare = await openBare(at.options);
    const { error } = await new Migrator({ db: bare, provider: { getMigrations: async () => migrations } }).migrateToLatest();
    expect(error).toBeUndefined();
    const before = { kind, db: bare, ping: async () => {}, close: () => bare.destroy() };
    const { key } = await createApiKeys(before, systemClock).create({ tenant: 'acme', name: 'laptop', roles: [] });
    const began = new Date(Date.UTC(2026, 0, 1));
    await sql`insert into usage values ('old', 'acme', 'key-1', 'hello', 'conn-1', 'hello_greet', 'read', 'executed', 'no', 2, 250, ${began.toISOString()})`.execute(
      bare,
    );
    await bare.destroy();

    const database = await openDatabase(at.options);
    ends.push(() => database.close());
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
    const metering = postgresMetering(database);
    const call = callOf();
    await metering.settle(await admitToRun(metering, call), ending('executed', 'yes'));
    expect(await rowOf(database, call)).toMatchObject({ status: 'executed' });
  });
});
