import { readFile } from 'node:fs/promises';
import type { ConnectorFixture } from '../fixture.ts';
import { fileOf, sourcesOf } from '../package-files.ts';
import type { Rule } from '../rule.ts';

interface Manifest {
  readonly private?: boolean;
  readonly type?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const peers = ['@busbar/core', 'zod'];
/** A static or dynamic import, an export from elsewhere, or a require. */
const imports = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"])([^'"\n]+)\1/g;
/** Whether a file belongs to the sandbox, which no host runs. */
const isSandbox = (file: string): boolean => /^sandbox[./\\]/.test(file);

/** Whether an installed connector brings only what it may, and whether its README states what it must. */
export const packageRules: readonly Rule[] = [
  {
    name: 'depends on core and zod as peers, and on nothing else',
    why: 'A second copy of core or zod is incompatible with the host’s, and any other package runs with every tenant’s secrets.',
    appliesTo: 'package',
    find: async ({ fixture }) => {
      const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, ...manifest } = await manifestOf(fixture.folder);
      // A private package may bring core and zod itself, since it is never installed beside others.
      const own = manifest.private === true ? peers : [];
      const others = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)].filter((name) => !own.includes(name));
      const otherPeers = Object.keys(peerDependencies).filter((name) => !peers.includes(name));
      const missing = manifest.private === true ? [] : peers.filter((name) => !(name in peerDependencies));
      return [
        ...others.map((name) => `package.json has ${name} among its dependencies${peers.includes(name) ? ': make it a peer' : ''}`),
        ...otherPeers.map((name) => `package.json has the peer ${name}, which is neither core nor zod`),
        ...missing.map((name) => `package.json has no peer ${name}`),
      ];
    },
  },
  {
    name: 'is an ES module with a licence',
    why: 'Hosts import it, and code without a licence may not be used.',
    appliesTo: 'package',
    find: async ({ fixture }) => {
      const { type, license } = await manifestOf(fixture.folder);
      return [
        ...(type === 'module' ? [] : ['package.json has no "type": "module"']),
        ...(license ? [] : ['package.json names no license']),
      ];
    },
  },
  {
    name: 'imports only core and zod',
    why: 'Files, sockets, processes and other libraries bypass http, state and the clock, which the host guards.',
    appliesTo: 'package',
    find: async ({ fixture }) =>
      [...(await sourcesOf(fixture.folder))].flatMap(([file, text]) =>
        Array.from(text.matchAll(imports), ([, , name = '']) => name)
          .filter((name) => !name.startsWith('.') && !peers.includes(name) && !(isSandbox(file) && name === '@busbar/core/testing'))
          .map((name) => `src/${file} imports ${name}`),
      ),
  },
  {
    name: 'lists its tools in its README',
    why: 'People choose a connector by this list, and rely on the effects that it states.',
    appliesTo: 'package',
    find: ({ connector, fixture }) =>
      tableFaults(
        fixture,
        'tools',
        connector.tools.map(({ name, effect, description }) => [`\`${name}\``, effect, firstSentence(description)]),
      ),
  },
  {
    name: 'lists its settings in its README',
    why: 'The person who sets up a connection reads there what each setting means and where to get it.',
    appliesTo: 'package',
    find: async ({ connector, fixture }) => {
      const settings = Object.entries(connector.config.shape).map(([name, field]) => [`\`${name}\``, field.description ?? '']);
      return settings.length === 0 ? [] : await tableFaults(fixture, 'config', settings);
    },
  },
];

async function manifestOf(folder: URL | undefined): Promise<Manifest> {
  return JSON.parse(await readFile(fileOf(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Returns the first sentence of a description. */
const firstSentence = (description: string): string => /^.*?[.](?= )/.exec(description)?.[0] ?? description;

/**
 * Lists how a table of the README differs from the expected rows. Comments with the table's name enclose it. The heading is up to the
 * author.
 */
async function tableFaults(
  { folder }: ConnectorFixture,
  table: 'tools' | 'config',
  rows: readonly (readonly string[])[],
): Promise<string[]> {
  const readme = await readFile(fileOf(folder, 'README.md'), 'utf8').catch(() => '');
  const text = new RegExp(`<!-- ${table} -->([^]*?)<!-- /${table} -->`).exec(readme)?.[1];
  if (text === undefined) return [`README.md has no table between <!-- ${table} --> and <!-- /${table} -->`];
  const listed = text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([first]) => first !== undefined && !/^:?-+:?$/.test(first))
    .slice(1)
    .map(rowText);
  const wanted = rows.map(rowText);
  return [
    ...wanted.filter((row) => !listed.includes(row)).map((row) => `README.md lacks the row: ${row}`),
    ...listed.filter((row) => !wanted.includes(row)).map((row) => `README.md has an extra row in its ${table}: ${row}`),
  ];
}

const rowText = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
