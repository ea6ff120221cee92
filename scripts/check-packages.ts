// Checks the packages as a registry would get them: built from scratch, packed, linted, measured, and used from empty projects.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coreBudget, overBudget, packageBudgets, type CoreCost, type PackageSize } from './package-budgets.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  /** Absent: the package is a program, and has nothing to import. */
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'busbar-packages-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const packages = readdirSync(join(root, 'packages'))
  .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as Manifest }))
  .filter(({ manifest }) => manifest.private !== true);
const tarball = ({ name, version }: Manifest) => join(work, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);

// Files that a rename left behind in dist would be published too.
for (const { folder } of packages) {
  rmSync(join(root, 'packages', folder, 'dist'), { recursive: true, force: true });
  rmSync(join(root, 'packages', folder, 'build.tsbuildinfo'), { force: true });
}
run(root, 'tsc', '-b', 'tsconfig.build.json');
run(root, 'node', 'scripts/run.mjs', 'pnpm', '--recursive', '--filter', './packages/*', 'pack', '--pack-destination', work);
console.log(`built and packed: ${packages.map(({ manifest }) => manifest.name).join(', ')}`);

for (const { manifest } of packages) {
  run(root, 'publint', '--strict', tarball(manifest));
  if (manifest.exports) run(root, 'attw', '--profile', 'esm-only', tarball(manifest));
}
console.log('publint and attw: clean');

const over: string[] = [];
for (const { manifest } of packages) {
  const size = sizeOf(tarball(manifest));
  console.log(`${manifest.name}: ${size.packedKb} kB packed, ${size.unpackedKb} kB unpacked`);
  over.push(...overBudget(manifest.name, size, packageBudgets[manifest.name]));
}

const core = packages.find(({ manifest }) => manifest.name === '@busbar/core')?.manifest;
if (core === undefined) throw new Error('There is no @busbar/core among the packages.');
const optional = Object.keys(core.peerDependenciesMeta ?? {});

const bare = project('bare', { [core.name]: tarball(core), zod: core.peerDependencies?.['zod'] ?? '*' });
const present = optional.filter((peer) => existsSync(join(bare, 'node_modules', peer)));
if (present.length > 0) throw new Error(`The bare project has ${present.join(', ')}, so it proves nothing.`);
importAll(bare, [core.name, `${core.name}/mcp/http`, `${core.name}/mcp/stdio`, `${core.name}/testing`]);
const serveOnStdio = `
  const [{ createHost }, { stdioTransport }] = await Promise.all([import('${core.name}'), import('${core.name}/mcp/stdio')]);
  const failure = await stdioTransport().listen(createHost({ connectors: [] })).catch((error) => error);
  if (!/npm install @modelcontextprotocol\\/server$/.test(failure.message)) throw failure;`;
run(bare, 'node', '--input-type=module', '--eval', serveOnStdio);
console.log(`@busbar/core alone: runs without ${optional.join(', ')}`);

const cost = costOfCore(bare, core.name);
console.log(
  `@busbar/core alone: ${cost.importedFiles} files and ${cost.importedKb} kB to import beside zod; ${cost.instantiationsToZod} of zod's type instantiations for the hello connector`,
);
over.push(...overBudget(core.name, cost, coreBudget));
if (over.length > 0) {
  console.error(over.join('\n'));
  process.exit(1);
}

const peers = Object.assign({}, ...packages.map(({ manifest }) => manifest.peerDependencies)) as Record<string, string>;
const tarballs = Object.fromEntries(packages.map(({ manifest }) => [manifest.name, tarball(manifest)]));
const entries = packages.flatMap(({ manifest }) => Object.keys(manifest.exports ?? {}).map((entry) => join(manifest.name, entry)));
const full = project('full', { ...peers, '@types/node': '^24.0.0', ...tarballs });
importAll(full, entries);
writeFileSync(join(full, 'all.ts'), entries.map((entry, index) => `export * as entry${index} from '${entry}';\n`).join(''));
run(full, 'tsc', '--noEmit', '--strict', '--module', 'nodenext', '--types', 'node', 'all.ts');
console.log(`from an empty project: ${entries.length} entries import and type-check`);

/** Creates an empty project with only these dependencies, and returns its folder. */
function project(name: string, dependencies: Readonly<Record<string, string>>): string {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, type: 'module', dependencies }));
  run(root, 'node', 'scripts/run.mjs', 'pnpm', '--dir', folder, 'install', '--prefer-offline');
  return folder;
}

function importAll(folder: string, all: readonly string[]): void {
  run(folder, 'node', '--input-type=module', '--eval', all.map((entry) => `await import('${entry}');`).join(' '));
}

function sizeOf(archive: string): PackageSize {
  const folder = mkdtempSync(join(work, 'unpacked-'));
  run(folder, 'tar', '-xzf', archive);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  return { packedKb: toKb(statSync(archive).size), unpackedKb: toKb(bytes) };
}

/** Measures the cost of the first lines of a program that uses this package, in a project that has only the package and zod. */
function costOfCore(folder: string, name: string): CoreCost {
  writeFileSync(
    join(folder, 'import.mjs'),
    `import { registerHooks } from 'node:module';
     import { statSync } from 'node:fs';
     const sizes = [];
     registerHooks({
       load(url, context, next) {
         if (url.startsWith('file:') && !url.includes('/node_modules/zod/')) sizes.push(statSync(new URL(url)).size);
         return next(url, context);
       },
     });
     await import('${name}');
     console.log(JSON.stringify(sizes));`,
  );
  const sizes = JSON.parse(run(folder, 'node', 'import.mjs')) as number[];
  cpSync(join(root, 'examples/hello-connector/src/hello.ts'), join(folder, 'hello.ts'));
  writeFileSync(join(folder, 'zod.ts'), "import 'zod';\n");
  return {
    importedFiles: sizes.length,
    importedKb: toKb(sizes.reduce((sum, bytes) => sum + bytes, 0)),
    instantiationsToZod: Number((instantiations(folder, 'hello.ts', true) / instantiations(folder, 'zod.ts', false)).toFixed(2)),
  };
}

/**
 * Counts the types that TypeScript instantiates from generic types for a file. With several threads it would instantiate some of them more
 * than once.
 */
function instantiations(folder: string, file: string, skipLibCheck: boolean): number {
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024,esnext.disposable,dom',
    '--types',
    '',
  ];
  const output = run(folder, 'tsc', ...flags, '--skipLibCheck', String(skipLibCheck), '--singleThreaded', '--extendedDiagnostics', file);
  const [, count] = /^Instantiations: +(\d+)$/m.exec(output) ?? [];
  if (count === undefined) throw new Error(`TypeScript does not say how many types it instantiated:\n${output}`);
  return Number(count);
}

function toKb(bytes: number): number {
  return Math.round(bytes / 1_000);
}

/** Runs a program of this workspace, and shows its output only if it fails. Returns its standard output. */
function run(cwd: string, program: string, ...args: readonly string[]): string {
  const path = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`;
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...process.env, PATH: path } });
  if (status === 0) return stdout;
  console.error(`${program} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}`);
  process.exit(1);
}
