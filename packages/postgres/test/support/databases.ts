import { randomBytes } from 'node:crypto';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Database, DatabaseOptions } from '../../src/index.ts';
import { dataPlace, pgliteCluster, pgliteTemplate } from './pglite-template.ts';

/** The options for a test's own database, and a function that removes it. */
export interface Place {
  readonly options: DatabaseOptions;
  remove(): Promise<void>;
}

/** A kind of database for tests. */
export interface Kind {
  readonly kind: 'pglite' | 'postgresql';
  place(): Promise<Place>;
  /** A database that no version has opened yet. */
  emptyPlace(): Promise<Place>;
}

export const pglite: Kind = {
  kind: 'pglite',
  async place() {
    return await copyOf(await pgliteTemplate());
  },
  async emptyPlace() {
    return await copyOf(await pgliteCluster());
  },
};

async function copyOf(template: string): Promise<Place> {
  const folder = await mkdtemp(join(dataPlace, 'busbar-pglite-'));
  cpSync(template, folder, { recursive: true });
  return { options: { folder }, remove: () => rm(folder, { recursive: true, force: true }) };
}

const candidates = process.env['TEST_DATABASE_URL']
  ? [process.env['TEST_DATABASE_URL']]
  : ['postgres://postgres@127.0.0.1:5432/postgres', 'postgres://root@127.0.0.1:5432/postgres'];

/** The PostgreSQL server of this machine, or undefined if there is none. CI needs one. */
export const postgresql: Kind | undefined = await findServer();

/** Every kind of database that this machine has. Each test file reports a missing PostgreSQL server. */
export const kinds: readonly Kind[] = postgresql ? [pglite, postgresql] : [pglite];

async function findServer(): Promise<Kind | undefined> {
  for (const url of candidates) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return { kind: 'postgresql', place: () => createDatabase(url), emptyPlace: () => createDatabase(url) };
    } catch {
      // The next server may answer.
    }
  }
  if (process.env['CI'] === 'true') throw new Error('CI needs a PostgreSQL server: set TEST_DATABASE_URL, or run one on 127.0.0.1:5432');
  console.warn('Not run on PostgreSQL: no server at TEST_DATABASE_URL or 127.0.0.1:5432. Run on PGlite alone.');
  return undefined;
}

async function createDatabase(server: string): Promise<Place> {
  const name = `busbar_test_${randomBytes(6).toString('hex')}`;
  await command(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { options: { url: url.href }, remove: () => command(server, `drop database ${name} with (force)`) };
}

async function command(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** A {@link Database} that uses one handle for everything, for databases of earlier versions, which `openDatabase` would migrate. */
export const databaseOf = (kind: Kind['kind'], db: Database['db']): Database => ({
  kind,
  db,
  ledger: db,
  signIn: db,
  reports: db,
  maxReports: 1,
  canWrite: true,
  ping: async () => {},
  close: () => db.destroy(),
});
