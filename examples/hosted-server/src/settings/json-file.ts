import { readFileSync } from 'node:fs';

/**
 * What a JSON file holds.
 *
 * @throws {Error} that names the file, and the line where it is known, but shows nothing of what is written there: it may be a secret.
 */
export function readJson(path: string): unknown {
  let json: string;
  try {
    json = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  try {
    return JSON.parse(json);
  } catch (error) {
    const place = /\((line \d+ column \d+)\)$/.exec((error as Error).message)?.[1];
    throw new Error(`${path}: is no JSON (${place ?? 'look at its quotes, commas and brackets'})`);
  }
}
