import { globSync, readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';

/**
 * Selects the files that match a pattern in `files` and no pattern in `except`. A pattern matches a path without its ending (`.test.ts` or
 * `.long.test.ts`), so that a test stays in its category when it moves to the long run.
 */
interface Category {
  readonly means: string;
  readonly files: readonly string[];
  readonly except?: readonly string[];
}

const root = join(import.meta.dirname, '..');
const everywhere = ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'test/**/*.test.ts'];

/** The categories by name. */
export const categories: Readonly<Record<string, Category>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'categories.json'), 'utf8'),
);

/** Every test file of the repository, as paths relative to its root. */
export const testFiles: readonly string[] = globSync(everywhere, { cwd: root }).sort();

const matches = (file: string, patterns: readonly string[]) =>
  patterns.some((pattern) => matchesGlob(file.replace(/(?:\.long)?\.test\.ts$/, ''), pattern));

/** Whether a category selects a test file. */
export const isIn = (file: string, { files, except = [] }: Category): boolean => matches(file, files) && !matches(file, except);

/** Whether `npm run test:long` runs a test file. `npm test` runs the others. */
export const isLong = (file: string): boolean => file.endsWith('.long.test.ts');

/** Returns the files of one run: the long files or the others, of the named categories, or of all if none is named. */
export function filesOfRun(long: boolean, names: readonly string[]): string[] {
  const chosen = names.map((name) => {
    const category = categories[name];
    if (!category) throw new Error(`There is no category ${name} in test/categories.json`);
    return category;
  });
  return testFiles.filter((file) => isLong(file) === long && (chosen.length === 0 || chosen.some((category) => isIn(file, category))));
}
