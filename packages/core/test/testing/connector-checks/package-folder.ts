import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Connector } from '../../../src/index.ts';
import { catalogueOf } from '../../../src/testing/connector-checks/catalogue.ts';

/** How a package differs from a good package. */
export interface PackageParts {
  readonly manifest?: object;
  readonly readme?: string;
  readonly source?: string;
  /** False: there is no snapshot. */
  readonly catalogue?: boolean;
}

/** Writes a connector's package into a temporary folder, which is removed when the test is over. */
export async function startPackage(connector: Connector, { manifest, readme, source, catalogue }: PackageParts): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'busbar-contract-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const write = (path: string, text: string) => writeFile(join(folder, path), text);
  await mkdir(join(folder, 'src'));
  await mkdir(join(folder, 'test'));
  await write('src/index.js', source ?? 'export const nothing = true;\n');
  await write('src/sandbox.js', "import '@busbar/core/testing';\n");
  await write('README.md', readme ?? readmeOf(connector));
  const good = {
    type: 'module',
    license: 'MIT',
    exports: { '.': './src/index.js' },
    peerDependencies: { '@busbar/core': '^1.0.0', zod: '^4.6.0' },
  };
  await write('package.json', JSON.stringify({ ...good, ...manifest }));
  if (catalogue !== false) await write('test/catalogue.json', JSON.stringify(await catalogueOf(connector), undefined, 4));
  return pathToFileURL(folder);
}

/** Writes a README with both tables. */
export function readmeOf({ tools, config }: Connector): string {
  const toolRows = tools.map(({ name, effect, description }) => `| \`${name}\` | ${effect} | ${description} |\n`).join('');
  const settings = Object.entries(config.shape).map(([name, field]) => `| \`${name}\` | ${field.description} |\n`);
  return [
    `# acme\n\n<!-- tools -->\n\n| tool | effect | what it does |\n| --- | --- | --- |\n${toolRows}\n<!-- /tools -->\n`,
    `\n<!-- config -->\n\n| setting | what it is |\n| --- | --- |\n${settings.join('')}\n<!-- /config -->\n`,
  ].join('');
}
