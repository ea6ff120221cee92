import { sql, type Kysely } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration';
import * as keysAndUsage from '../migrations/0001-keys-and-usage.ts';
import * as state from '../migrations/0002-state.ts';
import * as calls from '../migrations/0003-calls.ts';
import * as usageIntoCalls from '../migrations/0004-usage-into-calls.ts';
import * as quotaAuditLetters from '../migrations/0005-quota-audit-letters.ts';
import * as keyMakers from '../migrations/0006-key-makers.ts';
import type { Tables } from './tables.ts';

// Forward only, in this order. Names are permanent, and a migration that has run anywhere is never edited.
const migrations = {
  '0001-keys-and-usage': keysAndUsage,
  '0002-state': state,
  '0003-calls': calls,
  '0004-usage-into-calls': usageIntoCalls,
  '0005-quota-audit-letters': quotaAuditLetters,
  '0006-key-makers': keyMakers,
};

/**
 * Brings the tables up to date: applies all missing migrations or none. On a server, an advisory lock lets one process migrate while the
 * others wait.
 *
 * @throws {Error} if a migration fails, or if the database has migrations that this version does not know.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  if (await isUpToDate(db)) return;
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => migrations } }).migrateToLatest();
  if (error === undefined) return;
  const reason = error instanceof Error ? error.message : String(error);
  throw new Error(
    /is missing/.test(reason)
      ? `The database was written by a newer version of @busbar/postgres (${reason}). Use that version, or another database.`
      : `The database could not be brought up to date: ${reason}`,
    { cause: error },
  );
}

/** Two short reads without a lock, so that many replicas can start at once: nearly every start finds the tables up to date. */
async function isUpToDate(db: Kysely<Tables>): Promise<boolean> {
  const found = await sql<{ table: string | null }>`select to_regclass(${DEFAULT_MIGRATION_TABLE})::text as table`.execute(db);
  if (!found.rows[0]?.table) return false;
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db);
  const names = Object.keys(migrations);
  return rows.length === names.length && rows.every(({ name }, index) => name === names[index]);
}
