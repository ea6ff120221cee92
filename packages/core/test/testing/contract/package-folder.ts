import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from 'vitest';
import type { Connector } from '../../../src/index.ts';
import { catalogueOf } from '../../../src/testing/contract/catalogue.ts';

/** How a package differs from a good one. */
export interface PackageParts {
  readonly manifest?: object;
  readonly readme?: string;
  readonly source?: string;
  /** False: there is no snapshot. */
  readonly catalogue?: boolean;
}

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** Writes a package of a connector into a temporary folder, which goes when the tests of the file are over. */
export async function startPackage(connector: Connector, { manifest, readme, source, catalogue }: PackageParts): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-contract-'));
  folders.push(folder);
  const rows = connector.tools.map(({ name, effect, description }) => `| \`${name}\` | ${effect} | ${description} |\n`).join('');
  const write = (path: string, text: string) => writeFile(join(folder, path), text);
  await mkdir(join(folder, 'src'));
  await mkdir(join(folder, 'test'));
  await write('src/index.js', source ?? 'export const nothing = true;\n');
  await write('src/sandbox.js', "import '@busbar/core/testing';\n");
  await write(
    'README.md',
    readme ?? `# acme\n\n<!-- tools -->\n\n| tool | effect | what it does |\n| --- | --- | --- |\n${rows}\n<!-- /tools -->\n`,
  );
  const good = {
    type: 'module',
    license: 'MIT',
    exports: { '.': './src/index.js' },
    peerDependencies: { '@busbar/core': '^1.0.0', zod: '^4.4.0' },
  };
  await write('package.json', JSON.stringify({ ...good, ...manifest }));
  if (catalogue !== false) await write('test/catalogue.json', JSON.stringify(await catalogueOf(connector), undefined, 4));
  return pathToFileURL(folder);
}
