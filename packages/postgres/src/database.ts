import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { silentLogger, type Logger } from '@busbar/core';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

/** Where the data is: in a folder that one process owns, or on a server that many share. */
export type DatabaseOptions = ({ readonly folder: string } | { readonly url: string }) & {
  /** Told of connections that break while nobody uses them. */
  readonly log?: Logger;
};

/** An open database with its tables up to date. */
export interface Database {
  readonly kind: 'pglite' | 'postgresql';
  readonly db: Kysely<Tables>;
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
  const { db, kind } = opened;
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= db.destroy().finally(opened.release));
  const ping = async () => {
    await sql`select 1`.execute(db);
  };
  try {
    await ping();
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  return { kind, db, ping, close };
}

interface Opened {
  readonly kind: Database['kind'];
  readonly db: Kysely<Tables>;
  release(): void;
}

async function openFolder(folder: string): Promise<Opened> {
  const release = lockFolder(folder);
  try {
    const pglite = await PGlite.create(join(folder, 'pglite'));
    return { kind: 'pglite', db: new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) }), release };
  } catch (error) {
    release();
    throw error;
  }
}

function openServer(url: string, log: Logger): Opened {
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000, statement_timeout: 10_000 });
  // A connection that the server ends emits an error: on the pool while it is idle, on itself while it is used. Without a listener either
  // would end the process; whoever uses the connection hears of it by the query that fails.
  const onLost = (err: Error): void => log.warn({ err }, 'A database connection was lost');
  pool.on('error', onLost).on('connect', (client) => client.on('error', onLost));
  return { kind: 'postgresql', db: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), release: () => {} };
}
