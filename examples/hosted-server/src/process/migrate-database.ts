import { openDatabase } from '@busbar/postgres';
import type { Config } from '../settings/config.ts';

/**
 * Migrates the database and closes it again. A deployment can run this before it starts servers of the new version, which would otherwise
 * migrate it at startup. Resolves with a sentence for the terminal, without the password. Rejects as `openDatabase` does.
 */
export async function migrateDatabase({
  DATABASE_URL,
  BUSBAR_DATA_DIR,
}: Pick<Config, 'DATABASE_URL' | 'BUSBAR_DATA_DIR'>): Promise<string> {
  const database = await openDatabase(DATABASE_URL === undefined ? { folder: BUSBAR_DATA_DIR } : { url: DATABASE_URL });
  await database.close();
  if (DATABASE_URL === undefined) return `The database in the folder ${BUSBAR_DATA_DIR} is up to date.`;
  const { host, pathname } = new URL(DATABASE_URL);
  return `The database ${decodeURIComponent(pathname.slice(1))} at ${host} is up to date.`;
}
