import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { categories, filesOfRun, isIn, isLong, testFiles } from './test-files.ts';

const root = join(import.meta.dirname, '..');
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');

describe('the test categories', () => {
  test('include every test file', () => {
    expect(testFiles.length).toBeGreaterThan(200);
    const outside = testFiles.filter((file) => !Object.values(categories).some((category) => isIn(file, category)));
    expect(outside).toEqual([]);
  });

  test.each(Object.entries(categories))(
    'include %s, which selects some files and not all, by patterns that each match one',
    (_name, category) => {
      const selected = testFiles.filter((file) => isIn(file, category));
      expect(selected.length).toBeGreaterThan(10);
      expect(selected.length).toBeLessThan(testFiles.length);
      const idle = (patterns: readonly string[]) =>
        patterns.filter((pattern) => !testFiles.some((file) => isIn(file, { files: [pattern], means: '' })));
      expect([...idle(category.files), ...idle(category.except ?? [])]).toEqual([]);
    },
  );

  test('have every file that starts a hosted server in e2e, and none that opens a database or a server in unit', () => {
    const { unit, e2e } = categories;
    const importing = (helper: RegExp) => testFiles.filter((file) => helper.test(textOf(file)));
    const starters = importing(/^import \{[^}]*\bstart(?:Process|Program|Serving|Replicas)\b/m).filter(
      (file) => !file.startsWith('packages/core/'),
    );
    expect(starters.length).toBeGreaterThan(5);
    expect(starters.filter((file) => !e2e || !isIn(file, e2e))).toEqual([]);
    const opening = importing(/^import .*\/(?:databases|own-postgres|servers|server-process|admin-server|serve)\.ts'/m);
    expect(opening.length).toBeGreaterThan(20);
    expect(opening.filter((file) => !unit || isIn(file, unit))).toEqual([]);
  });

  test('are described in docs/testing.md, each with its meaning', () => {
    const rows = Array.from(textOf('docs/testing.md').matchAll(/^\| `([a-z\d]+)` +\| (.+?) +\|$/gm), ([, name, means]) => [name, means]);
    expect(rows).toEqual(Object.entries(categories).map(([name, { means }]) => [name, means]));
  });
});

describe('a run', () => {
  test('is the long run or the other run, which share no file and leave none out', () => {
    const [short, long] = [filesOfRun(false, []), filesOfRun(true, [])];
    expect(long).not.toEqual([]);
    expect(long.every(isLong)).toBe(true);
    expect(short.some(isLong)).toBe(false);
    expect([...short, ...long].sort()).toEqual(testFiles);
  });

  test('of two categories has the files of both, without duplicates', () => {
    const both = filesOfRun(false, ['mcp', 'security']);
    expect(new Set(both).size).toBe(both.length);
    expect(both.toSorted()).toEqual([...new Set(['mcp', 'security'].flatMap((name) => filesOfRun(false, [name])))].sort());
  });

  test('of an unknown category is refused', () => {
    expect(() => filesOfRun(false, ['units'])).toThrow('There is no category units');
  });
});
