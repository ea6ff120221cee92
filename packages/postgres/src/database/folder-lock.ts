import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

// What SQLite answers where another process holds the lock.
const sqliteBusy = 5;

/** Another process has the folder. Nothing in it was touched. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(folder: string) {
    super(
      `The data folder ${folder} is in use by another running process. Two would destroy it, so this one stops here. ` +
        'End the other process, use another folder, or use a PostgreSQL server, which many may share.',
    );
  }
}

/**
 * Takes a folder for this process, and makes it where there is none. The lock is a file lock of the operating system, so it ends with
 * the process however that ends, holds between containers that share a volume, and cannot go stale as a pid file can. SQLite takes it,
 * because Node has no call for it: an exclusive transaction on an empty file that is never written to. Gives back what releases it.
 *
 * @throws {FolderInUseError} where another process, or this one, has the folder already.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = new DatabaseSync(join(folder, 'owner.lock'), { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if ((error as { errcode?: unknown }).errcode === sqliteBusy) throw new FolderInUseError(folder);
    throw error;
  }
  return () => file.close();
}
