import { join, resolve } from 'node:path';
import { silentLogger, systemClock, type Clock, type Logger } from '@busbar/core';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import { postgresPool, type PoolUse } from './postgres-pool.ts';
import { makePrivate } from './private-folder.ts';
import type { Tables } from './tables.ts';
import { createWriteWatch, type WriteWatch } from './write-watch.ts';

/** Where the data is: in a folder that one process owns, or on a server that many processes share. */
export type DatabaseOptions = ({ readonly folder: string } | { readonly url: string }) & {
  /** Logs idle connections that break. */
  readonly log?: Logger;
  readonly clock?: Clock;
};

// The connections of each pool. packages/postgres/README.md explains them.
const maxConnections = {
  db: 6,
  // One transaction of each kind at a time: admissions, settlements, replays, reads of claims, lease renewals, sweeps.
  ledger: 6,
  // One lookup of keys at a time, and a ping.
  signIn: 2,
  reports: 3,
};
const statementMs = 10_000;
const answerMs = 15_000;
// `reconcile` lets its statements take 10 minutes.
const longestReportMs = 11 * 60_000;
const signInMs = 5_000;
// The ledger's statements find a few rows by key. A plan that is made once, on small tables, must not read whole tables when they have
// grown.
const ledgerSettings =
  'set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set jit = off';

/**
 * An open database whose tables are up to date. On a server, each of the handles `db`, `ledger`, `signIn` and `reports` has connections of
 * its own, so that no work of one kind waits for work of another. A folder has one connection for all of them.
 */
export interface Database {
  readonly kind: 'pglite' | 'postgresql';
  readonly db: Kysely<Tables>;
  /** For the ledger. On a server, its connections prepare the ledger's statements. */
  readonly ledger: Kysely<Tables>;
  /** For `ping` and the lookups of API keys. A server that hangs fails its statements after 5 seconds. */
  readonly signIn: Kysely<Tables>;
  /** For statements that may read many rows. On a server, a statement that takes longer than 10 seconds is cut off. */
  readonly reports: Kysely<Tables>;
  /** How many reports can run at the same time. More would wait for a connection. */
  readonly maxReports: number;
  /**
   * Whether the database stores what is written. False for 10 seconds after a statement failed because the disk is full or the database is
   * read-only. Such a database still answers `ping`.
   */
  readonly canWrite: boolean;
  /** Throws if the database does not answer. Uses a connection of `signIn`. */
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
  const { log = silentLogger, clock = systemClock } = options;
  const watch = createWriteWatch(clock);
  const opened = 'folder' in options ? await openFolder(resolve(options.folder), watch) : openServer(options.url, log, watch);
  const { release, ...handles } = opened;
  const { db, ledger, signIn, reports } = handles;
  let closing: Promise<void> | undefined;
  const close = () =>
    (closing ??= Promise.all([ledger.destroy(), signIn.destroy(), reports.destroy(), db.destroy()])
      .then(() => {})
      .finally(release));
  const ping = async (of = signIn) => {
    await sql`select 1`.execute(of);
  };
  try {
    // Opens a connection of each pool before the first call. Reports can wait for theirs.
    await Promise.all([ping(), ping(db), ping(ledger)]);
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...handles,
    get canWrite() {
      return watch.canWrite;
    },
    ping,
    close,
  };
}

type Opened = Omit<Database, 'canWrite' | 'ping' | 'close'> & { release(): void };

async function openFolder(folder: string, { log }: WriteWatch): Promise<Opened> {
  makePrivate(folder);
  const release = lockFolder(folder);
  try {
    const data = join(folder, 'pglite');
    // PGlite creates files that everyone can read and write.
    makePrivate(data);
    // PGlite is slow to load, and a process with a server does not need it.
    const { PGlite } = await import('@electric-sql/pglite');
    const pglite = await PGlite.create(data);
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }), log });
    return { kind: 'pglite', db, ledger: db, signIn: db, reports: db, maxReports: 1, release };
  } catch (error) {
    release();
    throw error;
  }
}

function openServer(url: string, log: Logger, watch: WriteWatch): Opened {
  const config = { connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: statementMs, keepAlive: true };
  // A connection that the server closes emits an error, and the pool emits it too while the connection is idle. Without a listener, either
  // would crash the process. A query that uses the connection fails by itself.
  const onLost = (err: Error): void => log.warn({ err }, 'A database connection was lost');
  const open = (limits: pg.PoolConfig, use: PoolUse): Kysely<Tables> => {
    const pool = new pg.Pool({ ...config, ...limits }).on('error', () => {}).on('connect', (client) => client.on('error', onLost));
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: postgresPool(pool, use) }), log: watch.log });
  };
  return {
    kind: 'postgresql',
    // A server that hangs never applies its statement_timeout, so the client limits how long its callers wait.
    db: open({ max: maxConnections.db }, { timeoutMs: answerMs }),
    ledger: open({ max: maxConnections.ledger }, { settings: ledgerSettings, prepare: true, timeoutMs: answerMs }),
    // Its connections stay open, so that other clients of the server cannot take them.
    signIn: open({ max: maxConnections.signIn, idleTimeoutMillis: 0, statement_timeout: signInMs }, { timeoutMs: signInMs }),
    reports: open({ max: maxConnections.reports }, { timeoutMs: longestReportMs }),
    maxReports: maxConnections.reports,
    release: () => {},
  };
}
