import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

// SQLite's error code if another process holds the lock.
const sqliteBusy = 5;

/** Thrown if another process owns the folder. Nothing in the folder was changed. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';

  constructor(folder: string) {
    super(
      `The data folder ${folder} is in use by another running process. Two processes would destroy it, so this one stops. ` +
        'Stop the other process, use another folder, or use a PostgreSQL server, which many may share.',
    );
  }
}

/**
 * Locks a folder for this process, and returns a function that releases the lock. The operating system holds the file lock. So the lock
 * ends when the process ends, for any reason, and it cannot go stale as a pid file can. It also works between containers that share a
 * volume. Node has no API for file locks, so SQLite takes the lock: it opens an exclusive transaction on an empty file and never writes to
 * the file.
 *
 * @throws {FolderInUseError} if another process, or this one, has locked the folder.
 */
export function lockFolder(folder: string): () => void {
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
