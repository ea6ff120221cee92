// Checks the packages as a registry would receive them: builds them from scratch, packs and lints them, and uses them from empty projects.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  /** Absent: the package is a program, which is not imported. */
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

/** Runs a program of this workspace. Shows its output only if it fails, and then exits. */
function run(cwd: string, program: string, ...args: readonly string[]): void {
  const path = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`;
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', env: { ...process.env, PATH: path } });
  if (status === 0) return;
  console.error(`${program} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}`);
  process.exit(1);
}
