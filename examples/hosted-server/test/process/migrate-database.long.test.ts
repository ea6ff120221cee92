import { openDatabase } from '@busbar/postgres';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { postgresql } from '../../../../packages/postgres/test/support/databases.ts';
import { dataFolder, startProcess, startServing, unmigratedFolder } from '../server-process.ts';

let stack = new AsyncDisposableStack();
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

test('--migrate creates the tables, says so, and starts no server', async () => {
  const folder = await unmigratedFolder(stack);
  const migration = await startProcess({ BUSBAR_DATA_DIR: folder }, '--migrate');
  expect([await migration.ended, migration.stdout, migration.stderr]).toEqual([
    0,
    `The database in the folder ${folder} is up to date.\n`,
    '',
  ]);
  const database = await openDatabase({ folder });
  stack.defer(() => database.close());
  expect(await database.db.selectFrom('api_keys').selectAll().execute()).toEqual([]);
});

test('--migrate on the folder of a running server exits with 1 and the reason', async () => {
  const folder = await dataFolder(stack);
  await startServing(stack, { BUSBAR_DATA_DIR: folder });
  const migration = await startProcess({ BUSBAR_DATA_DIR: folder }, '--migrate');
  expect([await migration.ended, migration.stdout]).toEqual([1, '']);
  expect(migration.stderr).toMatch(/^The data folder .* is in use by another running process/);
});

test.each([['--migrate'], []])('an unreachable database is reported in one sentence, without the password (%s)', async (...args) => {
  const refused = await startProcess(
    { DATABASE_URL: 'postgres://busbar:hush@127.0.0.1:1/busbar', LOG_LEVEL: 'silent', BUSBAR_SECRET: 'a secret of just 32 characters..' },
    ...args,
  );
  expect([await refused.ended, refused.stdout, refused.stderr]).toEqual([
    1,
    '',
    'The database cannot be reached (ECONNREFUSED). Start it, or correct DATABASE_URL.\n',
  ]);
});

test.runIf(postgresql)('--migrate on a PostgreSQL server names the database, or the reason of a refusal', async () => {
  const place = await postgresql?.place();
  if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
  stack.defer(() => place.remove());
  const url = new URL(place.options.url);
  const migration = await startProcess({ DATABASE_URL: url.href }, '--migrate');
  expect([await migration.ended, migration.stdout]).toEqual([0, `The database ${url.pathname.slice(1)} at ${url.host} is up to date.\n`]);
  url.pathname = '/there_is_none';
  const refused = await startProcess({ DATABASE_URL: url.href }, '--migrate');
  expect([await refused.ended, refused.stderr]).toEqual([
    1,
    'The database refused: database "there_is_none" does not exist. Correct DATABASE_URL or the database.\n',
  ]);
});

test.runIf(postgresql)('--migrate refuses a database of a newer version', async () => {
  const place = await postgresql?.place();
  if (!place || !('url' in place.options)) throw new Error('no PostgreSQL server');
  stack.defer(() => place.remove());
  const database = await openDatabase(place.options);
  const newer = { name: '9999-from-the-future', timestamp: '2030-01-01' };
  await database.db
    .insertInto('kysely_migration' as never)
    .values(newer)
    .execute();
  await database.close();
  const refused = await startProcess({ DATABASE_URL: place.options.url }, '--migrate');
  expect([await refused.ended, refused.stderr]).toEqual([1, expect.stringMatching(/^The database was written by a newer version.*\n$/)]);
});
