import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { servers } from './servers.ts';

const here = import.meta.dirname;
const root = join(here, '..');
const packed = join(here, 'built/packed');
// The packages of the workspace that the servers import.
const packages = ['core', 'postgres'] as const;

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Installs the other frameworks, packs Busbar as for a registry, and compiles the servers. */
export function prepare(): void {
  rmSync(join(here, 'built'), { recursive: true, force: true });
  mkdirSync(packed, { recursive: true });
  run('node', 'scripts/run.mjs', 'pnpm', '--dir', here, 'install', '--frozen-lockfile');
  run('tsc', '-b', ...packages.map((name) => `packages/${name}/tsconfig.build.json`));
  for (const name of packages) unpack(name);
  run('tsc', '-p', 'bench/tsconfig.json');
  for (const { id, bundled } of servers) if (bundled) bundle(id);
  run('node', join(here, 'built/servers/bare-lists.js'));
}

/** Replaces a server's compiled program with a bundle of all its imports, as `npm run build:server` does for the hosted server. */
function bundle(id: string): void {
  const rolldown = join(here, 'node_modules/rolldown/bin/cli.mjs');
  const out = join(here, 'built/servers');
  run('node', rolldown, join(here, `servers/${id}.ts`), '--platform', 'node', '--format', 'esm', '--dir', out);
}

/** Returns the installed version of a package. */
export const versionOf = (name: string): string => manifestOf(join(here, 'node_modules', name)).version;

/**
 * Unpacks a packed package into the folder where the servers find it. Its dependencies are the benchmark's own, so that the lockfile pins
 * them.
 */
function unpack(name: string): void {
  run('node', 'scripts/run.mjs', 'pnpm', '--filter', `./packages/${name}`, 'pack', '--pack-destination', packed);
  const tarball = readdirSync(packed).find((file) => file.startsWith(`busbar-${name}-`)) ?? '';
  const folder = join(here, 'node_modules/@busbar', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('tar', '-xzf', join(packed, tarball), '-C', folder, '--strip-components=1');
  for (const dependency of Object.keys(manifestOf(folder).dependencies ?? {}))
    if (!existsSync(join(here, 'node_modules', dependency)))
      throw new Error(`@busbar/${name} needs ${dependency}: add it to bench/package.json in the version of pnpm-lock.yaml.`);
}

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** Runs a program of the workspace. Shows its output only if it fails. */
function run(program: string, ...args: readonly string[]): void {
  const env = { ...process.env, PATH: join(root, 'node_modules/.bin') + delimiter + process.env['PATH'] };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: root, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed:\n${stdout}${stderr}${error?.message ?? ''}`);
}
