import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The secret of a server that was given none: made at its first start and kept in the data folder, readable by its owner alone, so that
 * what it signed and sealed is good after a restart. In production the secret comes from the settings, and from elsewhere than the data.
 *
 * @throws {Error} where the file cannot be read or written, or holds something else.
 */
export function keptSecret(folder: string): string {
  const file = join(folder, 'secret');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // Fails where the file is there already, so two first starts at once end up with one secret.
    writeFileSync(file, randomBytes(32).toString('hex'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const secret = readFileSync(file, 'utf8');
  if (/^[0-9a-f]{64}$/.test(secret)) return secret;
  throw new Error(`${file} does not hold the secret that was written there. Restore it, or delete it: what it sealed is then lost.`);
}
