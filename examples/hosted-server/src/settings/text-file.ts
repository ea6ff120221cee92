import { readFileSync } from 'node:fs';

/**
 * Reads a text file in UTF-8, with or without a byte order mark, which some editors write.
 *
 * @throws {Error} which names the file and says what is wrong, but shows none of the content.
 */
export function readTextFile(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new Error(`${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
  // The mark of UTF-16, or the zeros that it has beside every Latin letter.
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes.includes(0))
    throw new Error(`${path}: is in UTF-16, as older PowerShell writes files. Save it in UTF-8`);
  try {
    // The decoder removes the mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${path}: is not in UTF-8. Save it in UTF-8`);
  }
}
