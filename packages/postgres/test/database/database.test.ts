import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { systemClock } from '@busbar/core';
import { sql } from 'kysely';
import { afterEach, describe, expect, test } from 'vitest';
import { createApiKeys, FolderInUseError, openDatabase, type Database } from '../../src/index.ts';
import { kinds, pglite, postgresql, type Kind, type Place } from '../support/databases.ts';
import { wasmFlags } from '../support/pglite-template.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function placeOf(kind: Kind): Promise<Place> {
  const at = await kind.place();
  ends.push(() => at.remove());
  return at;
}

async function open(at: Place): Promise<Database> {
  const database = await openDatabase(at.options);
  ends.push(() => database.close());
  return database;
}

describe.each(kinds)('a database on $kind', (kind) => {
  test('keeps what was written when it is opened again', async () => {
    const at = await placeOf(kind);
    const before = await open(at);
    const { key } = await createApiKeys(before, systemClock).create({ tenant: 'acme', name: 'laptop', roles: [] });
    await before.close();
    await before.close();
    expect(await createApiKeys(await open(at), systemClock).use(key)).toMatchObject({ tenant: 'acme' });
  });

  test('refuses a database of a newer version with an error that says so', async () => {
    const at = await placeOf(kind);
    const before = await open(at);
    await sql`insert into kysely_migration (name, timestamp) values ('9999-from-the-future', '2030-01-01')`.execute(before.db);
    await before.close();
    await expect(openDatabase(at.options)).rejects.toThrow(/newer version of @busbar\/postgres/);
  });
});

describe('a PGlite folder', () => {
  const hold = (folder: string): ChildProcess => {
    const child = spawn(process.execPath, [...wasmFlags, join(import.meta.dirname, 'hold-folder.ts'), folder]);
    ends.push(async () => child.kill('SIGKILL'));
    return child;
  };
  const keyOf = async (child: ChildProcess): Promise<string> => {
    if (!child.stdout) throw new Error('no stdout');
    const [line] = await once(createInterface(child.stdout), 'line');
    return String(line);
  };

  test('has one owner: a second process is refused and changes nothing, and the first continues', async () => {
    const at = await placeOf(pglite);
    const { folder } = at.options as { folder: string };
    const owner = await open(at);
    const keys = createApiKeys(owner, systemClock);
    const { key } = await keys.create({ tenant: 'acme', name: 'laptop', roles: [] });
    const before = await listing(folder);

    const second = hold(folder);
    const [output, [code]] = await Promise.all([second.stderr ? text(second.stderr) : '', once(second, 'close')]);

    expect(code).toBe(1);
    expect(output).toMatch(/^FolderInUseError: The data folder .* is in use by another running process/);
    expect(await listing(folder)).toEqual(before);
    expect(await keys.use(key)).toMatchObject({ tenant: 'acme' });
    await owner.close();
    expect(await createApiKeys(await open(at), systemClock).use(key)).toMatchObject({ tenant: 'acme' });
  });

  test('is not opened twice by one process either', async () => {
    const at = await placeOf(pglite);
    await open(at);
    await expect(openDatabase(at.options)).rejects.toBeInstanceOf(FolderInUseError);
  });

  test('is free as soon as its owner is killed, with all that the owner had written', async () => {
    const at = await placeOf(pglite);
    const owner = hold((at.options as { folder: string }).folder);
    const key = await keyOf(owner);
    await expect(openDatabase(at.options)).rejects.toBeInstanceOf(FolderInUseError);
    owner.kill('SIGKILL');
    await once(owner, 'close');
    expect(await createApiKeys(await open(at), systemClock).use(key)).toMatchObject({ tenant: 'held' });
  });

  test('that cannot be created is reported as such, and not as a folder in use', async () => {
    await expect(openDatabase({ folder: '/dev/null/busbar' })).rejects.toMatchObject({ code: expect.stringMatching(/ENOTDIR|EEXIST/) });
  });
});

describe.runIf(postgresql)('a PostgreSQL server', () => {
  test('is brought up to date by many processes at once', async () => {
    if (!postgresql) return;
    const at = await placeOf(postgresql);
    const opened = await Promise.all(Array.from({ length: 5 }, () => open(at)));
    const made = opened.map((database) => createApiKeys(database, systemClock).createFirst({ tenant: 'acme', name: 'first', roles: [] }));
    expect((await Promise.all(made)).filter((key) => key !== undefined)).toHaveLength(1);
    // A migration that ran twice would have failed, because the tables existed, and both processes would list it.
    const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(opened[0]?.db ?? expect.fail());
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });

  test('that is up to date can be opened while another process migrates', async () => {
    if (!postgresql) return;
    const at = await placeOf(postgresql);
    const { db } = await open(at);
    await db.transaction().execute(async (migrating) => {
      await sql`lock table kysely_migration_lock in access exclusive mode`.execute(migrating);
      const other = await openDatabase(at.options);
      expect(other.kind).toBe('postgresql');
      await other.close();
    });
  });

  test('prepares the statements of the ledger alone, and plans them by index', async () => {
    if (!postgresql) return;
    const { db, ledger } = await open(await placeOf(postgresql));
    const prepared = sql<{ name: string }>`select name from pg_prepared_statements`;
    const joins = sql<{ enable_hashjoin: string }>`show enable_hashjoin`;
    await joins.execute(ledger);
    expect((await prepared.execute(ledger)).rows.length).toBeGreaterThan(0);
    expect((await joins.execute(ledger)).rows).toEqual([{ enable_hashjoin: 'off' }]);
    expect((await prepared.execute(db)).rows).toEqual([]);
    expect((await joins.execute(db)).rows).toEqual([{ enable_hashjoin: 'on' }]);
  });

  test('opens at most as many connections as the README says, and keeps those for sign-in', async () => {
    if (!postgresql) return;
    const database = await open(await placeOf(postgresql));
    const handles = ['db', 'ledger', 'signIn', 'reports'] as const;
    const pid = sql<{ pid: number }>`select pg_backend_pid() as pid, pg_sleep(0.05)`;
    const connections = await Promise.all(
      handles.map(async (handle) => {
        const rows = await Promise.all(Array.from({ length: 12 }, async () => (await pid.execute(database[handle])).rows[0]?.pid));
        return new Set(rows);
      }),
    );
    expect(Object.fromEntries(handles.map((handle, index) => [handle, connections[index]?.size]))).toEqual({
      db: 6,
      ledger: 6,
      signIn: 2,
      reports: 3,
    });
    expect(database.maxReports).toBe(3);
    expect(new Set(connections.flatMap((each) => [...each])).size).toBe(17);
    const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
    expect(readme).toContain('at most 17 connections');
  });

  test('logs that idle connections were lost, and continues', async () => {
    if (!postgresql) return;
    const at = await placeOf(postgresql);
    const warnings: string[] = [];
    const log = { debug() {}, info() {}, error() {}, warn: (_: object, message: string) => void warnings.push(message) };
    const database = await openDatabase({ ...at.options, log });
    ends.push(() => database.close());
    const other = await open(at);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
      other.db,
    );
    // One line for a connection of each pool that an opened database uses: db, the ledger and sign-in.
    await expect.poll(() => warnings).toEqual(Array(3).fill('A database connection was lost'));
    await database.ping();
  });
});

test('an unreachable server is an error without the password', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const opening = openDatabase({ url: `postgres://busbar:hush@127.0.0.1:${port}/busbar` });
  await expect(opening).rejects.toThrow(/ECONNREFUSED/);
  await expect(opening).rejects.not.toThrow(/hush/);
});

/** Every file of a folder with its size and its time of modification. The time of access may change. */
async function listing(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const lines = names.map(async (name) => {
    const { size, mtimeMs } = await stat(join(folder, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(lines)).sort();
}
