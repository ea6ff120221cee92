import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { createConnector } from '../src/create-connector.ts';

// A name of two words has more spellings than the template's name. The connector uses this package's libraries without an install, and its
// own sources without a build.
const parent = mkdtempSync(join(tmpdir(), 'busbar-scaffold-'));
afterAll(() => rmSync(parent, { recursive: true }));
const folder = await createConnector('blue-mill', parent);
symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
const manifest = join(folder, 'package.json');
writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(/dist(.*)\.js/g, 'src$1.ts'));

// Importing a test file makes its tests part of this file.
describe('a new connector passes its own tests', async () => {
  for (const file of ['contract', 'tasks']) await import(join(folder, `test/${file}.test.ts`));
});
