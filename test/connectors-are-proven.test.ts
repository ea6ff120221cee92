import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const folders = globSync(['packages/connector-*', 'examples/*-connector'], { cwd: root }).toSorted();

test.each(folders)('%s has a test that checks it and its package against the whole connector contract', (folder) => {
  const files = globSync('test/**/*.test.ts', { cwd: join(root, folder) }).map((file) => readFileSync(join(root, folder, file), 'utf8'));
  const proofs = files.filter((text) =>
    /^import \{[^}]*\b(?:testConnector|connectorChecks)\b[^}]*\} from '@busbar\/core\/testing';$/m.test(text),
  );
  expect(proofs).toHaveLength(1);
  expect(proofs[0]).toContain("folder: new URL('..', import.meta.url)");
  // A gap is a rule that a connector breaks. None of our connectors has one.
  expect(proofs[0]).not.toContain('knownGaps');
});

test.each(folders.filter((folder) => folder.startsWith('packages/')))(
  '%s has tests of its requests, recordings and lost answers against its vendor',
  (folder) => {
    const files = new Set(globSync('test/*.test.ts', { cwd: join(root, folder) }));
    for (const name of ['contract', 'recordings', 'lost-answers']) expect([...files]).toContain(`test/${name}.test.ts`);
  },
);
