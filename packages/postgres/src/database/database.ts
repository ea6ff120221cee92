import { join, resolve } from 'node:path';
import { silentLogger, type Logger } from '@busbar/core';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import { postgresPool, type PoolUse } from './postgres-pool.ts';
import { makePrivate } from './private-folder.ts';
import type { Tables } from './tables.ts';

/** Where the data is: in a folder that one process owns, or on a server that many processes share. */
export type DatabaseOptions = ({ readonly folder: string } | { readonly url: string }) & {
  /** Logs idle connections that break. */
  readonly log?: Logger;
};

const maxConnections = 10;
// One transaction of each kind at a time: admissions, settlements, replays, reads of claims, lease renewals, sweeps.
const maxLedgerConnections = 6;
// The ledger's statements find a few rows by key. A plan that is made once, on small tables, must not read whole tables when they have
// grown.
const ledgerSettings =
  'set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off';

/** An open database whose tables are up to date. */
export interface Database {
  readonly kind: 'pglite' | 'postgresql';
  readonly db: Kysely<Tables>;
  /**
   * The same database, for the ledger. On a server, it has its own connections, which prepare the ledger's statements. A folder has only
   * one connection.
   */
  readonly ledger: Kysely<Tables>;
  /** Throws if the database does not answer. */
  ping(): Promise<void>;
  /** Closes the connections and releases the folder. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the database and brings its tables up to date.
 *
 * A folder holds the data of PGlite, which is PostgreSQL inside this process. The data survives a crash of the process at any moment,
 * including `kill -9`. It does not survive a power failure, because PGlite does not wait for the disk.
 *
 * No other user of the machine can enter the folder of the data. If the folder exists, it is taken from the other users.
 *
 * @throws {FolderInUseError} if another process owns the folder.
 * @throws {FolderAccessError} if every user of the machine can write to the folder, and that cannot be changed.
 * @throws {Error} if a server cannot be reached within 5 seconds.
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
    // Opens a connection of each pool before the first call.
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
  makePrivate(folder);
  const release = lockFolder(folder);
  try {
    const data = join(folder, 'pglite');
    // PGlite creates files that everyone can read and write.
    makePrivate(data);
    // PGlite is slow to load, and a process with a server does not need it.
    const { PGlite } = await import('@electric-sql/pglite');
    const pglite = await PGlite.create(data);
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
    // PGlite has one connection, so the ledger shares it.
    return { kind: 'pglite', db, ledger: db, release };
  } catch (error) {
    release();
    throw error;
  }
}

function openServer(url: string, log: Logger): Opened {
  const config = { connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: 10_000, keepAlive: true };
  // A connection that the server closes emits an error, and the pool emits it too while the connection is idle. Without a listener, either
  // would crash the process. A query that uses the connection fails by itself.
  const onLost = (err: Error): void => log.warn({ err }, 'A database connection was lost');
  const open = (limits: pg.PoolConfig, use: PoolUse): Kysely<Tables> => {
    const pool = new pg.Pool({ ...config, ...limits }).on('error', () => {}).on('connect', (client) => client.on('error', onLost));
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: postgresPool(pool, use) }) });
  };
  return {
    kind: 'postgresql',
    db: open({ max: maxConnections }, {}),
    // A server that hangs never applies its statement_timeout, so the client limits how long calls wait for it.
    ledger: open({ max: maxLedgerConnections }, { settings: ledgerSettings, prepare: true, timeoutMs: 15_000 }),
    release: () => {},
  };
}
