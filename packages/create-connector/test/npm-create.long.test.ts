import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRegistry } from './start-registry.ts';

/**
 * The most time that a new connector may take, as a multiple of a bare project's time. Four is usual, because it runs the whole contract.
 */
const mostTimesBare = 10;

const start = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

// The registry that npm uses on this machine. It has the libraries.
const upstream = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const reachable = await fetch(upstream, { method: 'HEAD', signal: AbortSignal.timeout(10_000) }).then(
  () => true,
  () => false,
);
if (!reachable && process.env['CI'] === 'true')
  throw new Error('No npm registry is reachable. A new connector installs its libraries from one.');
if (!reachable) console.warn('Not run: npm create @busbar/connector as a newcomer runs it (no npm registry is reachable).');

describe.skipIf(!reachable)('npm create @busbar/connector acme, run by a newcomer who has only npm', { timeout: 240_000 }, () => {
  const bin = join(root, 'node_modules/.bin');
  let registry: Awaited<ReturnType<typeof startRegistry>> | undefined;
  let home: string;
  let folder: string;
  let env: Readonly<Record<string, string>> | undefined;

  /** Runs a program, in the newcomer's environment once `env` is set. Returns its output; rejects with the output if the program fails. */
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
    const bare = join(home, 'bare');
    mkdirSync(bare);
    const vitest = /^ {2}vitest: (.+)$/m.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))?.[1] ?? '';
    const manifest = { name: 'bare', type: 'module', scripts: { test: 'vitest run' }, devDependencies: { vitest } };
    writeFileSync(join(bare, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(bare, 'bare.test.js'), "import { expect, test } from 'vitest';\ntest('one', () => expect(1).toBe(1));\n");
    const begun = performance.now();
    await run(bare, 'npm', 'install', '--cache', join(home, 'bare-cache'));
    expect(await run(bare, 'npm', 'test')).toMatch(/Tests +1 passed/);
    return Math.round(performance.now() - begun);
  }

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'busbar-newcomer-'));
    folder = join(home, 'connector-acme');
    const packed = join(home, 'packed');
    await run(root, join(bin, 'tsc'), '-b', 'packages/core/tsconfig.build.json', 'packages/create-connector/tsconfig.build.json');
    const filters = ['@busbar/core', '@busbar/create-connector'].flatMap((name) => ['--filter', name]);
    await run(root, 'node', 'scripts/run.mjs', 'pnpm', '--recursive', ...filters, 'pack', '--pack-destination', packed);
    registry = await startRegistry(
      readdirSync(packed).map((file) => join(packed, file)),
      upstream,
    );
    // Leaves out this repository's programs and the settings of this machine and this run, but keeps the project's Node.
    const kept = Object.entries(process.env).filter(([name]) => !/^(?:npm_|vitest|node_env$|ci$)/i.test(name));
    const path = (process.env['PATH'] ?? '').split(delimiter).filter((entry) => !entry.startsWith(root));
    mkdirSync(join(home, 'home'));
    env = {
      ...(Object.fromEntries(kept) as Record<string, string>),
      PATH: [join(root, 'node_modules/node/bin'), ...path].join(delimiter),
      HOME: join(home, 'home'),
      npm_config_cache: join(home, 'cache'),
      npm_config_registry: registry.url,
    };
  }, 120_000);
  afterAll(async () => {
    await registry?.close();
    rmSync(home, { recursive: true });
  });

  test('npm test passes, with empty caches, in at most ten times the time of a project with vitest alone', async () => {
    const bareMs = await timeOfBareProject();
    const startedAt = performance.now();
    const elapsedMs = () => Math.round(performance.now() - startedAt);
    expect(await run(home, 'npm', 'create', '@busbar/connector', 'acme')).toContain('Created connector-acme. Next:');
    const createdMs = elapsedMs();
    await run(folder, 'npm', 'install');
    const installedMs = elapsedMs();
    expect(await run(folder, 'npm', 'test')).toMatch(/Tests +30 passed \(30\)/);
    const greenMs = elapsedMs();
    const times = `created after ${createdMs} ms, installed after ${installedMs}, green after ${greenMs}; a bare project after ${bareMs}`;
    console.info(times);
    expect(greenMs / bareMs, times).toBeLessThan(mostTimesBare);
  });

  test('the new connector passes its lint and its type check', async () => {
    expect(await run(folder, 'npm', 'run', 'lint')).toContain('Found 0 warnings and 0 errors.');
    expect(await run(folder, 'npm', 'run', 'types')).toMatch(/^> tsc\s*$/m);
  });

  test('the packed connector passes publint and attw', async () => {
    await run(folder, 'npm', 'pack');
    const tarball = join(folder, 'connector-acme-0.1.0.tgz');
    expect(await run(folder, join(bin, 'publint'), '--strict', tarball)).toContain('All good!');
    expect(await run(folder, join(bin, 'attw'), '--profile', 'esm-only', tarball)).toMatch(/node16 \(from ESM\) │ 🟢/);
  });

  test('the new connector depends on the versions of the workspace', () => {
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
