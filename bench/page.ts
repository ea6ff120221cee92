import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pictureOf } from './picture.ts';
import type { Results } from './results.ts';
import { tablesOf } from './tables.ts';

const root = join(import.meta.dirname, '..');
const begin = '<!-- figures: written by bench/run.ts; do not edit -->';
const end = '<!-- /figures -->';

/**
 * Writes the figures between the two marker comments of docs/performance.md, and the picture beside it. The rest of the page does not
 * change.
 */
export function writePage(results: Results): void {
  const page = join(root, 'docs/performance.md');
  const text = readFileSync(page, 'utf8');
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/performance.md has lost the lines “${begin}” and “${end}”.`);
  writeFileSync(page, `${before}${begin}\n\n${tablesOf(results)}\n\n${end}${after}`);
  writeFileSync(join(root, 'docs/performance.svg'), pictureOf(results));
  // Aligns the tables, so that the format check passes.
  spawnSync(join(root, 'node_modules/.bin/oxfmt'), [page], { cwd: root });
}
