import type { z } from 'zod';
import { readTextFile } from './text-file.ts';

const maxProblems = 10;

/**
 * Reads a JSON file that contains a list.
 *
 * @param entry The name of an entry in problems: `rule`, for `rule 3, limit: must be …`.
 * @throws {Error} which names the file and up to 10 problems with their positions. It shows no values from the file, because they may be
 * secrets.
 */
export function readJsonList<Entry>(path: string, entry: string, list: z.ZodType<readonly Entry[]>): readonly Entry[] {
  const parsed = list.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const [index, ...rest] = issue.path;
    const position = index === undefined ? 'the file' : [`${entry} ${Number(index) + 1}`, ...rest.map(String)].join(', ');
    return `${position}: ${issue.code === 'unrecognized_keys' ? `does not know ${issue.keys.join(', ')}` : issue.message}`;
  });
  const more = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : [];
  throw new Error(`${path}: ${[...problems.slice(0, maxProblems), ...more].join('; ')}`);
}

/** @throws {Error} which names the file and, if it is known, the position, but shows none of the content. */
function readJson(path: string): unknown {
  const json = readTextFile(path);
  try {
    return JSON.parse(json);
  } catch (error) {
    const position = /\((line \d+ column \d+)\)$/.exec((error as Error).message)?.[1];
    throw new Error(`${path}: is not valid JSON (${position ?? 'check its quotes, commas and brackets'})`);
  }
}
