import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { createConnector } from '../src/create-connector.ts';

// A connector whose name has two words, and so is written in more ways than the template's. It finds the libraries of this package in the
// place of installed ones, and its sources in the place of a build.
const parent = mkdtempSync(join(tmpdir(), 'busbar-scaffold-'));
afterAll(() => rmSync(parent, { recursive: true }));
const folder = await createConnector('blue-mill', parent);
symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
const manifest = join(folder, 'package.json');
writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(/dist(.*)\.js/g, 'src$1.ts'));

// Importing a file of tests makes them tests of this file.
describe('a connector that was just made passes its own tests', async () => {
  for (const file of ['contract', 'tasks']) await import(join(folder, `test/${file}.test.ts`));
});
