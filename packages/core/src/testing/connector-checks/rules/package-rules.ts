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
/** What a package brings to develop against and never runs in a host. */
const isSandbox = (file: string): boolean => /^sandbox[./\\]/.test(file);

/** What installing a connector brings with it, and what its page says. */
export const packageRules: readonly Rule[] = [
  {
    name: 'depends on core and zod as peers, and on nothing else',
    why: 'A second copy of core or zod beside the host’s does not fit it, and whatever else comes along runs with every tenant’s secrets.',
    concerns: 'package',
    find: async ({ fixture }) => {
      const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, ...manifest } = await manifestOf(fixture.folder);
      // What is never published may bring core and zod itself: nobody installs it beside others.
      const own = manifest.private === true ? peers : [];
      const others = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)].filter((name) => !own.includes(name));
      const strange = Object.keys(peerDependencies).filter((name) => !peers.includes(name));
      const missing = manifest.private === true ? [] : peers.filter((name) => !(name in peerDependencies));
      return [
        ...others.map((name) => `package.json has ${name} among its dependencies${peers.includes(name) ? ': make it a peer' : ''}`),
        ...strange.map((name) => `package.json has the peer ${name}, which is neither core nor zod`),
        ...missing.map((name) => `package.json has no peer ${name}`),
      ];
    },
  },
  {
    name: 'is an ES module with a licence',
    why: 'Hosts import it, and nobody may run what has no licence.',
    concerns: 'package',
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
    why: 'Files, sockets, processes and other libraries are ways past http, state and the clock, which the host guards.',
    concerns: 'package',
    find: async ({ fixture }) =>
      [...(await sourcesOf(fixture.folder))].flatMap(([file, text]) =>
        Array.from(text.matchAll(imports), ([, , name = '']) => name)
          .filter((name) => !name.startsWith('.') && !peers.includes(name) && !(isSandbox(file) && name === '@busbar/core/testing'))
          .map((name) => `src/${file} imports ${name}`),
      ),
  },
  {
    name: 'lists its tools in its README',
    why: 'It is what people choose a connector by, and what they believe of its effects.',
    concerns: 'package',
    find: ({ connector, fixture }) =>
      tableFaults(
        fixture,
        'tools',
        connector.tools.map(({ name, effect, description }) => [`\`${name}\``, effect, firstSentence(description)]),
      ),
  },
  {
    name: 'lists its settings in its README',
    why: 'Who sets a connection up reads there what each setting is and where to get it, before there is a form to fill in.',
    concerns: 'package',
    find: async ({ connector, fixture }) => {
      const settings = Object.entries(connector.config.shape).map(([name, field]) => [`\`${name}\``, field.description ?? '']);
      return settings.length === 0 ? [] : await tableFaults(fixture, 'config', settings);
    },
  },
];

async function manifestOf(folder: URL | undefined): Promise<Manifest> {
  return JSON.parse(await readFile(fileOf(folder, 'package.json'), 'utf8')) as Manifest;
}

/** A description up to the stop that another sentence follows. */
const firstSentence = (description: string): string => /^.*?[.](?= )/.exec(description)?.[0] ?? description;

/** Where a table of the README, between comments of its name, differs from the rows that it should have. Its heading is the author's. */
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
    ...listed.filter((row) => !wanted.includes(row)).map((row) => `README.md has a row too many in its ${table}: ${row}`),
  ];
}

const rowText = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
