import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fillVersions } from '../src/fill-versions.ts';

interface Manifest {
  readonly engines: object;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const packageFolder = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(packageFolder, path), 'utf8');
const manifestOf = (path: string): Manifest => JSON.parse(read(path)) as Manifest;

const [own, template, core] = ['package.json', 'template/_package.json', '../core/package.json'].map(manifestOf) as [
  Manifest,
  Manifest,
  Manifest,
];

test('a connector with five operations takes at most 150 formatted lines, without its sandbox and tests', () => {
  const files = globSync('template/src/**/*.ts', { cwd: packageFolder, exclude: ['template/src/sandbox.ts'] });
  const operations = files.flatMap((file) => read(file).match(/path: '\/v1\/tasks.*?'/g) ?? []);
  expect(operations).toHaveLength(5);
  const lines = files.map((file) => read(file).trimEnd().split('\n').length);
  expect(lines.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(150);
});

test('a new connector uses the workspace’s version of every library', () => {
  const { dependencies, devDependencies } = own;
  // Packing replaces these words with versions.
  expect({ ...dependencies, ...devDependencies }).toEqual(template.devDependencies);
  expect(new Set(Object.values(template.devDependencies))).toEqual(new Set(['catalog:', 'workspace:^']));
});

test('a new connector supports the versions of Node and zod that core supports', () => {
  expect(template.engines).toEqual(core.engines);
  expect(template.peerDependencies).toEqual({ '@busbar/core': 'workspace:^', zod: core.peerDependencies['zod'] });
});

test('filling in versions fails for a library without one', () => {
  const filled = fillVersions(
    JSON.stringify({
      name: 'x',
      devDependencies: { a: 'catalog:', b: 'workspace:^', c: '^3.0.0' },
      peerDependencies: { b: 'workspace:^' },
    }),
    JSON.stringify({ dependencies: { a: '^1.0.0' }, devDependencies: { b: '^2.0.0', c: '^9.0.0' } }),
  );
  expect(JSON.parse(filled)).toEqual({
    name: 'x',
    devDependencies: { a: '^1.0.0', b: '^2.0.0', c: '^3.0.0' },
    peerDependencies: { b: '^2.0.0' },
  });
  expect(() => fillVersions(JSON.stringify({ devDependencies: { a: 'catalog:' } }), '{}')).toThrow('does not give its version');
});
