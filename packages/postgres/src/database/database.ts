import { join, resolve } from 'node:path';
import { silentLogger, type Logger } from '@busbar/core';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import { postgresPool, type PoolUse } from './postgres-pool.ts';
import type { Tables } from './tables.ts';

/** Where the data is: in a folder that one process owns, or on a server that many share. */
export type DatabaseOptions = ({ readonly folder: string } | { readonly url: string }) & {
  /** Told of connections that break while nobody uses them. */
  readonly log?: Logger;
};

const maxConnections = 10;
// One transaction of each kind at a time: admits, settles, replays, looks at claims, renewals, sweeps.
const maxLedgerConnections = 6;
// The statements of the ledger find a few rows by their keys. Planned once, when its tables are small, they must not come to read them whole.
const ledgerSettings =
  'set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off';

/** An open database with its tables up to date. */
export interface Database {
  readonly kind: 'pglite' | 'postgresql';
  readonly db: Kysely<Tables>;
  /** The same database for the statements of the ledger, which wait for nobody else's and are planned once. */
  readonly ledger: Kysely<Tables>;
  /** Throws where the database does not answer. */
  ping(): Promise<void>;
  /** Ends connections and gives the folder back. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the database and brings its tables up to date.
 *
 * A folder holds PGlite, a PostgreSQL inside this process. It survives the end of the process at any moment, `kill -9` included, but
 * not a loss of power: it does not wait for the disk.
 *
 * @throws {FolderInUseError} where another process owns the folder; Error where a server cannot be reached within 5 seconds.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const opened = 'folder' in options ? await openFolder(resolve(options.folder)) : openServer(options.url, options.log ?? silentLogger);
  const { db, ledger, kind } = opened;
  let closing: Promise<void> | undefined;
  const close = () =>
    (closing ??= Promise.all([ledger.destroy(), db.destroy()])
      .then(() => {})
      .finally(opened.release));
  const ping = async (of = db) => {
    await sql`select 1`.execute(of);
  };
  try {
    // The first call then finds a connection that is open.
    await Promise.all([ping(), ping(ledger)]);
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { kind, db, ledger, ping, close };
}

interface Opened {
  readonly kind: Database['kind'];
  readonly db: Kysely<Tables>;
  readonly ledger: Kysely<Tables>;
  release(): void;
}

async function openFolder(folder: string): Promise<Opened> {
  const release = lockFolder(folder);
  try {
    // It takes long to load, and whoever has a server does without it.
    const { PGlite } = await import('@electric-sql/pglite');
    const pglite = await PGlite.create(join(folder, 'pglite'));
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
    // One process and one connection: there is nobody to wait for.
    return { kind: 'pglite', db, ledger: db, release };
  } catch (error) {
    release();
    throw error;
  }
}

function openServer(url: string, log: Logger): Opened {
  const config = { connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: 10_000, keepAlive: true };
  // A connection that the server ends emits an error on itself, and while it is idle on the pool too. Without a listener either would end the
  // process; whoever uses the connection hears of it by the query that fails.
  const onLost = (err: Error): void => log.warn({ err }, 'A database connection was lost');
  const open = (limits: pg.PoolConfig, use: PoolUse): Kysely<Tables> => {
    const pool = new pg.Pool({ ...config, ...limits }).on('error', () => {}).on('connect', (client) => client.on('error', onLost));
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: postgresPool(pool, use) }) });
  };
  return {
    kind: 'postgresql',
    db: open({ max: maxConnections }, {}),
    // A server that gives no answer at all ends no statement: calls wait no longer than this for it.
    ledger: open({ max: maxLedgerConnections }, { settings: ledgerSettings, prepare: true, timeoutMs: 15_000 }),
    release: () => {},
  };
}
