import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from './start-registry.ts';

/** How many times the time of a bare project a new connector may take. Four times is usual: it runs the whole contract. */
const mostTimesBare = 10;

const start = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

// The registry that npm is set to on this machine, which has the libraries.
const behind = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const inReach = await fetch(behind, { method: 'HEAD', signal: AbortSignal.timeout(10_000) }).then(
  () => true,
  () => false,
);
if (!inReach && process.env['CI'] === 'true')
  throw new Error('There must be an npm registry in reach: a new connector installs its libraries.');
if (!inReach) console.warn('Not run: npm create @busbar/connector as a newcomer does it (no npm registry in reach).');

describe.skipIf(!inReach)('npm create @busbar/connector acme, by somebody who has npm and nothing else', { timeout: 240_000 }, () => {
  const bin = join(root, 'node_modules/.bin');
  let registry: Awaited<ReturnType<typeof startRegistry>> | undefined;
  let place: string;
  let folder: string;
  let env: Readonly<Record<string, string>> | undefined;

  /** Runs a program, as the newcomer as soon as there is one. Returns what it said; rejects, with it, where it fails. */
  const run = async (cwd: string, program: string, ...args: string[]): Promise<string> => {
    const running = start(program, args, { cwd, env, timeout: 120_000 });
    running.child.stdin?.end();
    const { stdout, stderr } = await running.catch((error: { readonly stdout?: string; readonly stderr?: string }) => {
      throw new Error(`${program} ${args.join(' ')}\n${error.stdout}${error.stderr}`, { cause: error });
    });
    return stripVTControlCharacters(stdout + stderr);
  };

  /** The milliseconds from an empty folder to a green test, with empty caches, for a project that has vitest alone. */
  async function timeOfBareProject(): Promise<number> {
    const bare = join(place, 'bare');
    mkdirSync(bare);
    const vitest = /^ {2}vitest: (.+)$/m.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))?.[1] ?? '';
    const manifest = { name: 'bare', type: 'module', scripts: { test: 'vitest run' }, devDependencies: { vitest } };
    writeFileSync(join(bare, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(bare, 'bare.test.js'), "import { expect, test } from 'vitest';\ntest('one', () => expect(1).toBe(1));\n");
    const begun = performance.now();
    await run(bare, 'npm', 'install', '--cache', join(place, 'bare-cache'));
    expect(await run(bare, 'npm', 'test')).toMatch(/Tests +1 passed/);
    return Math.round(performance.now() - begun);
  }

  beforeAll(async () => {
    place = mkdtempSync(join(tmpdir(), 'busbar-newcomer-'));
    folder = join(place, 'connector-acme');
    const packed = join(place, 'packed');
    await run(root, join(bin, 'tsc'), '-b', 'packages/core/tsconfig.build.json', 'packages/create-connector/tsconfig.build.json');
    const filters = ['@busbar/core', '@busbar/create-connector'].flatMap((name) => ['--filter', name]);
    await run(root, 'node', 'scripts/run.mjs', 'pnpm', '--recursive', ...filters, 'pack', '--pack-destination', packed);
    registry = await startRegistry(
      readdirSync(packed).map((file) => join(packed, file)),
      behind,
    );
    // Nothing of this repository's programs, this machine's settings and this run's is left, but the Node of the project.
    const kept = Object.entries(process.env).filter(([name]) => !/^(?:npm_|vitest|node_env$|ci$)/i.test(name));
    const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.startsWith(root));
    mkdirSync(join(place, 'home'));
    env = {
      ...(Object.fromEntries(kept) as Record<string, string>),
      PATH: [join(root, 'node_modules/node/bin'), ...path].join(delimiter),
      HOME: join(place, 'home'),
      npm_config_cache: join(place, 'cache'),
      npm_config_registry: registry.url,
    };
  }, 120_000);
  afterAll(async () => {
    await registry?.close();
    rmSync(place, { recursive: true });
  });

  test('has a green npm test, with empty caches, in at most ten times what a project with vitest alone takes', async () => {
    const bareMs = await timeOfBareProject();
    const begun = performance.now();
    const since = () => Math.round(performance.now() - begun);
    expect(await run(place, 'npm', 'create', '@busbar/connector', 'acme')).toContain('connector-acme is there. Next:');
    const createdMs = since();
    await run(folder, 'npm', 'install');
    const installedMs = since();
    expect(await run(folder, 'npm', 'test')).toMatch(/Tests +6 passed \(6\)/);
    const greenMs = since();
    const times = `created after ${createdMs} ms, installed after ${installedMs}, green after ${greenMs}; a bare project after ${bareMs}`;
    console.info(times);
    expect(greenMs / bareMs, times).toBeLessThan(mostTimesBare);
  });

  test('is clean to its lint and its types', async () => {
    expect(await run(folder, 'npm', 'run', 'lint')).toContain('Found 0 warnings and 0 errors.');
    expect(await run(folder, 'npm', 'run', 'types')).toMatch(/^> tsc\s*$/m);
  });

  test('packs as a package that publint and attw have nothing to say of', async () => {
    await run(folder, 'npm', 'pack');
    const tarball = join(folder, 'connector-acme-0.1.0.tgz');
    expect(await run(folder, join(bin, 'publint'), '--strict', tarball)).toContain('All good!');
    expect(await run(folder, join(bin, 'attw'), '--profile', 'esm-only', tarball)).toMatch(/node16 \(from ESM\) │ 🟢/);
  });

  test('has the versions of the workspace', () => {
    const { devDependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly [kind in 'devDependencies' | 'peerDependencies']: Readonly<Record<string, string>>;
    };
    const catalog = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8').replaceAll("'", '');
    const { version } = JSON.parse(readFileSync(join(root, 'packages/core/package.json'), 'utf8')) as { readonly version: string };
    const { '@busbar/core': coreRange, ...libraries } = devDependencies;
    expect([coreRange, peerDependencies['@busbar/core']]).toEqual([`^${version}`, `^${version}`]);
    for (const [name, range] of Object.entries(libraries)) expect(catalog).toContain(`\n  ${name}: ${range}\n`);
  });
});
