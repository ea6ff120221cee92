// Finds the phrases that docs/style.md bans, and comments over 140 columns. The page's table is the list, so page and check cannot differ.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A finding: the file, the line (from 1) and the problem. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly problem: string;
}

interface Rule {
  readonly pattern: RegExp;
  readonly advice: string;
}

const widest = 140;
const stylePage = 'docs/style.md';
const prose = /\.(md|ts|tsx|mjs|jsonc|ya?ml|sh|css|html)$|^\.ci\/run$|^\.oxlintrc\.json$/;
// The style page and the check's own test quote the phrases, and pnpm writes the lockfiles.
const skipped = new RegExp(`^${stylePage}$|^test/language\\.test\\.ts$|pnpm-lock\\.yaml$`);
// At the start of a text, a sentence, a list item or a string; with a full stop before the next question mark.
const startsWithWhat = /(?:^|[.:!?*>-] +|['"`])What(?: [^.?!|`]*)?[^.?!|`\s]\.(?=\s|$|['"`])/g;

/** Reads the rules from the table on the style page: the quoted phrases in its first column. */
export function readRules(page: string): Rule[] {
  const rows = page.split('\n').filter((line) => /^\| *`/.test(line));
  if (rows.length === 0) throw new Error(`${stylePage} lists no phrases: the check reads them from its table.`);
  return rows.flatMap((row) => {
    const [, phrases = '', advice = ''] = row.split('|');
    return [...phrases.matchAll(/`([^`]+)`/g)].map(([, phrase = '']) => ({
      pattern: new RegExp(`(?<![\\w-])${phrase.replaceAll(' ', '\\s+')}(?![\\w-])`, 'gi'),
      advice: `“${phrase}”: ${advice.trim()}`,
    }));
  });
}

/** Checks one file. Finds phrases across the line breaks of prose and comments. */
export function checkText(path: string, text: string, rules: readonly Rule[]): Finding[] {
  const lines = text.split('\n');
  const starts: number[] = [];
  let joined = '';
  for (const line of lines) {
    starts.push(joined.length);
    // The characters that mark a comment are not part of its sentence. An empty line ends a sentence.
    const bare = line.replace(/^\s*(?:\/\/|\/\*\*?|\*\/?|#(?=\s))?\s*/, '');
    joined += bare === '' ? '\n\n' : `${bare}\n`;
  }
  const lineOf = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1;
  const phrases = rules.flatMap(({ pattern, advice }) =>
    [...joined.matchAll(pattern)].map(({ index }) => ({ path, line: lineOf(index), problem: advice })),
  );
  const subjects = [...joined.matchAll(startsWithWhat)]
    .filter(([sentence]) => !sentence.includes('\n\n'))
    .map(({ index }) => ({ path, line: lineOf(index), problem: 'a sentence that starts with “What”: name its subject' }));
  const wide = lines.flatMap((line, index) =>
    line.length > widest && isComment(path, line) ? [{ path, line: index + 1, problem: `a comment of ${line.length} columns` }] : [],
  );
  return [...phrases, ...subjects, ...wide];
}

function isComment(path: string, line: string): boolean {
  if (path.endsWith('.md')) return false;
  return /^\s*(\/\/|\/?\*|#)/.test(line) || /[;,{})] \/\/ /.test(line);
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..');
  const given = process.argv.slice(2);
  const { stdout } = spawnSync('git', ['ls-files', '--', ...given], { cwd: root, encoding: 'utf8' });
  const rules = readRules(readFileSync(join(root, stylePage), 'utf8'));
  const paths = stdout.split('\n').filter((path) => prose.test(path) && !skipped.test(path));
  const findings = paths.flatMap((path) => checkText(path, readFileSync(join(root, path), 'utf8'), rules));
  for (const { path, line, problem } of findings) console.error(`${path}:${line} ${problem}`);
  console.log(`${paths.length} files, ${findings.length} to mend`);
  process.exitCode = findings.length > 0 || paths.length === 0 ? 1 : 0;
}
