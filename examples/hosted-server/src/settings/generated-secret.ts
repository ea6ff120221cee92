import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from './text-file.ts';

/**
 * Returns the secret in the data folder, and generates it at the first start. With it, signatures and sealed values stay valid after a
 * restart. Only the file's owner can read it. In production, `BUSBAR_SECRET` sets the secret instead, so that it is not stored next to the
 * data.
 *
 * @throws {Error} if the file cannot be read or written, or does not contain a secret.
 */
export function readOrCreateSecret(folder: string): string {
  const file = join(folder, 'secret');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // Fails if the file exists, so that two first starts at the same time get the same secret.
    writeFileSync(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // A copy, such as a restored backup, may have other rights.
  chmodSync(file, 0o600);
  // An editor may have added a line end.
  const secret = readTextFile(file).trim();
  if (/^[0-9a-f]{64}$/.test(secret)) return secret;
  throw new Error(`${file} does not hold the secret that was written there. Restore it, or delete it and lose everything it sealed.`);
}
