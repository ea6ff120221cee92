import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { systemClock } from '@busbar/core';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createApiKeys, openDatabase, postgresState, type DatabaseOptions } from '../../src/index.ts';
import * as keysAndUsage from '../../src/migrations/0001-keys-and-usage.ts';
import type { Tables } from '../../src/database/tables.ts';
import { databaseOf, kinds } from '../support/databases.ts';

const secret = 'a secret of the tests, of 32 characters or more';

describe.each(kinds)('the tables of state on $kind', (kind) => {
  test('are added to a database of the first version, whose data stays', async () => {
    const place = await kind.emptyPlace();
    try {
      const key = await writeFirstVersion(place.options);
      const database = await openDatabase(place.options);
      try {
        expect(await createApiKeys(database, systemClock).use(key)).toMatchObject({ tenant: 'acme' });
        const { rows } = await sql<{ call_id: string }>`select call_id from calls`.execute(database.db);
        expect(rows).toEqual([{ call_id: 'call-1' }]);
        const state = postgresState(database, { secret }).open('conn-1');
        expect(await state.set('k', 1, undefined)).toBe(true);
        expect((await state.get('k', z.number()))?.value).toBe(1);
      } finally {
        await database.close();
      }
    } finally {
      await place.remove();
    }
  });
});

/** Creates a database of the first version with an API key and a row of usage. Returns the key. */
async function writeFirstVersion(options: DatabaseOptions): Promise<string> {
  const dialect =
    'folder' in options
      ? new PGliteDialect({ pglite: await PGlite.create(join(options.folder, 'pglite')) })
      : new PostgresDialect({ pool: new pg.Pool({ connectionString: options.url, max: 1 }) });
  const db = new Kysely<Tables>({ dialect });
  try {
    const provider = { getMigrations: async () => ({ '0001-keys-and-usage': keysAndUsage }) };
    const { error } = await new Migrator({ db, provider }).migrateToLatest();
    if (error !== undefined) throw error;
    await sql`insert into usage values ('call-1', 'acme', 'key-1', 'hello', 'conn-1', 'hello_greet', 'read', 'executed', 'no', 1, 5, now())`.execute(
      db,
    );
    const keys = createApiKeys(databaseOf('pglite', db), systemClock);
    return (await keys.create({ tenant: 'acme', name: 'laptop', roles: [] })).key;
  } finally {
    await db.destroy();
  }
}
