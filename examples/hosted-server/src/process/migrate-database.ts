import { openDatabase } from '@busbar/postgres';
import type { Config } from '../settings/config.ts';

/**
 * Brings the tables of the database up to date and closes it again: a step of a deployment, before servers of the new version start. Each of
 * them would do it too. Gives a sentence that says so, without the password. Rejects as `openDatabase` does.
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
