import { chmodSync, mkdirSync, statSync } from 'node:fs';

/** Thrown if other users of the machine can change what is in the data folder, and this process cannot prevent it. */
export class FolderAccessError extends Error {
  override readonly name = 'FolderAccessError';

  constructor(folder: string, cause: unknown) {
    super(
      `Every user of this machine can write to the data folder ${folder}, which belongs to another user. ` +
        `Run as its owner, or use another folder, or take the right from others: chmod o-w ${folder}`,
      { cause },
    );
  }
}

const sticky = 0o1000;
const othersMayWrite = 0o002;

/**
 * Creates a folder that no other user of the machine can enter. If the folder exists, takes it from the other users. Leaves a folder as it
 * is if all users share it by design, such as `/tmp`, or if it belongs to another user and not everyone can write to it, as is usual for a
 * mounted volume: a private folder in it is safe.
 *
 * @throws {FolderAccessError} if the folder belongs to another user and everyone can write to it.
 */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode } = statSync(folder);
  if ((mode & sticky) !== 0) return;
  try {
    chmodSync(folder, 0o700);
  } catch (error) {
    if ((mode & othersMayWrite) !== 0) throw new FolderAccessError(folder, error);
  }
}
