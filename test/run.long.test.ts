import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { servers } from '../bench/servers.ts';

const root = join(import.meta.dirname, '..');

// A project with the real package.json scripts and run.mjs, a server that prints its arguments, and a pnpm that only records its calls and
// copies the lockfile to the place where the real pnpm does.
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'busbar-run-'));
  for (const path of ['package.json', 'scripts/run.mjs', 'test/categories.json']) cpSync(join(root, path), join(folder, path));
  writeFileSync(join(folder, 'pnpm-lock.yaml'), 'one');
  mkdirSync(join(folder, 'node_modules/.pnpm'), { recursive: true });
  symlinkSync(join(root, 'node_modules/node'), join(folder, 'node_modules/node'));
  mkdirSync(join(folder, 'examples/hosted-server/src'), { recursive: true });
  writeFileSync(
    join(folder, 'examples/hosted-server/src/main.ts'),
    `const started: string = process.version + ' ' + process.execArgv.join(' ') + ' ' + process.argv.slice(2).join(' ');
     for (const [signal, code] of [['SIGTERM', 7], ['SIGINT', 8]] as const) process.on(signal, () => process.exit(code));
     console.log('started ' + started);
     if (process.argv[2] === 'exit') process.exit(9);
     setInterval(() => {}, 1000);`,
  );
  const bin = join(folder, 'fake-bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'pnpm'),
    `#!/bin/sh
     [ "$1" = --version ] && { echo 12.0.0; exit; }
     echo "$@" >> "${folder}/installs"
     [ -e "${folder}/broken" ] && { echo 'no network'; exit 3; }
     cp "${folder}/pnpm-lock.yaml" "${folder}/node_modules/.pnpm/lock.yaml"`,
  );
  chmodSync(join(bin, 'pnpm'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

const installs = () => (existsSync(join(folder, 'installs')) ? readFileSync(join(folder, 'installs'), 'utf8').trim().split('\n') : []);

// A run with coverage keeps Node from caching compiled code, and this run may itself be a run of categories.
const unset = {
  TEST_CATEGORIES: undefined,
  TEST_LONG: undefined,
  NODE_COMPILE_CACHE: undefined,
  NODE_DISABLE_COMPILE_CACHE: undefined,
  NODE_V8_COVERAGE: undefined,
};

function start(program: string, ...args: string[]): ChildProcess & { text(): string } {
  const path = `${join(folder, 'fake-bin')}${delimiter}${process.env['PATH']}`;
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...unset, PATH: path }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  return Object.assign(child, { text: () => text });
}

async function started(child: ChildProcess & { text(): string }): Promise<string> {
  while (!child.text().includes('started')) await once(child.stdout ?? child, 'data');
  return child.text();
}

async function ended(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null];
  return code;
}

describe('npm start', () => {
  test('installs missing packages once, and runs the server on the Node of the project', async () => {
    const first = start('npm', 'start');
    expect(await started(first)).toMatch(/^Installing the dependencies/m);
    expect(first.text()).toContain(`started ${process.version}`);
    expect(installs()).toEqual(['install --frozen-lockfile']);
    first.kill('SIGTERM');
    await ended(first);

    const second = start('npm', 'start');
    expect(await started(second)).not.toContain('Installing');
    expect(installs()).toHaveLength(1);
    second.kill('SIGTERM');
    await ended(second);
  });

  test('starts the minimal server with the flags that the benchmark measures it with', () => {
    const { flags = [] } = servers.find(({ id }) => id === 'busbar') ?? {};
    const manifest = JSON.parse(readFileSync(join(root, 'examples/minimal-server/package.json'), 'utf8')) as { scripts: { start: string } };
    expect(flags).not.toEqual([]);
    expect(manifest.scripts.start).toBe(`node ${flags.join(' ')} src/server.ts`);
  });

  test('starts the hosted server with the flags that the benchmark measures it with', async () => {
    const { flags = [] } = servers.find(({ id }) => id === 'busbar-everything') ?? {};
    expect(flags).not.toEqual([]);
    const child = start('npm', 'start', '--', 'exit');
    await ended(child);
    expect(child.text()).toContain(`started ${process.version} ${flags.join(' ')} exit`);
    // The page gives the same flags for the output of `npm run build:server`.
    const page = readFileSync(join(root, 'examples/hosted-server/README.md'), 'utf8');
    expect(page).toContain(`node ${flags.join(' ')} dist/server.mjs`);
  });

  test('keeps Node’s compile cache for the next start, in the user’s folder or beside the dependencies', async () => {
    const server = start('npm', 'start', 'exit');
    await ended(server);
    const kept = join(folder, 'node_modules/.cache/node-compile-cache');
    expect(readdirSync(kept)).toHaveLength(1);
    rmSync(kept, { recursive: true });

    const own = start('env', `NODE_COMPILE_CACHE=${join(folder, 'own')}`, 'npm', 'start', 'exit');
    await ended(own);
    expect(existsSync(kept)).toBe(false);
    expect(existsSync(join(folder, 'own'))).toBe(true);
  });

  test('installs again when the lockfile has changed', async () => {
    writeFileSync(join(folder, 'node_modules/.pnpm/lock.yaml'), 'another');
    await ended(start('npm', 'start', '--', 'exit'));
    expect(installs()).toHaveLength(1);
  });

  test('starts nothing if the installation fails, and says so', async () => {
    writeFileSync(join(folder, 'broken'), '');
    const child = start('npm', 'start');
    expect(await ended(child)).toBe(3);
    expect(child.text()).toContain('no network');
    expect(child.text()).toContain('Nothing was started.');
    expect(child.text()).not.toContain('started v');
  });

  test.each([
    ['SIGTERM', 7],
    ['SIGINT', 8],
  ] as const)('passes %s to the server and ends with its status', async (signal, status) => {
    const child = start('npm', 'start');
    await started(child);
    child.kill(signal);
    expect(await ended(child)).toBe(status);
  });

  test('passes arguments to the server, and returns its exit status', async () => {
    const child = start('npm', 'start', '--', 'exit', 'two words');
    expect(await ended(child)).toBe(9);
    expect(child.text()).toContain('exit two words');
  });
});

describe('npm run dev', () => {
  test('starts the server with the flags of npm start, and again when one of its files changes', async () => {
    const { flags = [] } = servers.find(({ id }) => id === 'busbar-everything') ?? {};
    const main = join(folder, 'examples/hosted-server/src/main.ts');
    const child = start('npm', 'run', 'dev', '--', 'two words');
    onTestFinished(() => void child.kill('SIGTERM'));
    expect(await started(child)).toContain(`${flags.join(' ')} two words`);
    writeFileSync(main, readFileSync(main, 'utf8').replaceAll('started ', 'changed '));
    while (!child.text().includes('changed v')) await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    await ended(child);
  });
});

describe('npm run inspect', () => {
  beforeEach(() => {
    const npx = join(folder, 'fake-bin/npx');
    writeFileSync(npx, '#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done');
    chmodSync(npx, 0o755);
  });

  test('opens a pinned MCP Inspector on the local server with the key, and passes its options on', async () => {
    const child = start('env', 'KEY=bb_key', 'npm', 'run', 'inspect', '--', '--cli', '--method', 'tools/list');
    expect(await ended(child)).toBe(0);
    const words = Array.from(child.text().matchAll(/^<(.*)>$/gm), ([, word]) => word);
    const [yes, inspector, ...options] = words;
    expect([yes, inspector]).toEqual(['--yes', expect.stringMatching(/^@modelcontextprotocol\/inspector@\d+\.\d+\.\d+$/)]);
    expect(options.join(' ')).toBe(
      '--cli --method tools/list --transport http --server-url http://127.0.0.1:3000/mcp --header Authorization: Bearer bb_key',
    );
  });

  test('opens it on another server if MCP_URL names one', async () => {
    const child = start('env', 'KEY=bb_key', 'MCP_URL=http://127.0.0.1:9/mcp', 'npm', 'run', 'inspect');
    await ended(child);
    expect(child.text()).toContain('<http://127.0.0.1:9/mcp>');
  });

  test('refuses to start without a key, and says where to get one', async () => {
    const child = start('env', '-u', 'KEY', 'npm', 'run', 'inspect');
    expect(await ended(child)).toBe(2);
    expect(child.text()).toContain('npm start -- --new-key');
    expect(child.text()).not.toContain('<--yes>');
  });
});

describe('npm test', () => {
  beforeEach(() => {
    mkdirSync(join(folder, 'node_modules/vitest'));
    writeFileSync(
      join(folder, 'node_modules/vitest/vitest.mjs'),
      `const { TEST_CATEGORIES, TEST_LONG } = process.env;
       console.log(JSON.stringify({ args: process.argv.slice(2), TEST_CATEGORIES, TEST_LONG }));`,
    );
  });

  async function passedOn(...args: string[]): Promise<unknown> {
    const child = start('npm', ...args);
    expect(await ended(child)).toBe(0);
    return JSON.parse(/^\{.*\}$/m.exec(child.text())?.[0] ?? 'null');
  }

  test('runs every file except the long files, and passes paths and options to vitest', async () => {
    const args = ['packages/core', '-t', 'api'];
    expect(await passedOn('test', '--', ...args)).toEqual({ args: ['run', ...args], TEST_CATEGORIES: '' });
  });

  test('uses the categories at the start of its arguments, and passes on the other arguments', async () => {
    const args = ['unit', 'mcp', 'packages/core', 'api'];
    expect(await passedOn('test', '--', ...args)).toEqual({ args: ['run', 'packages/core', 'api'], TEST_CATEGORIES: 'unit,mcp' });
  });

  test('has a long run beside it, which also accepts categories', async () => {
    expect(await passedOn('run', 'test:long')).toEqual({ args: ['run'], TEST_CATEGORIES: '', TEST_LONG: 'true' });
    expect(await passedOn('run', 'test:long', '--', 'e2e')).toEqual({ args: ['run'], TEST_CATEGORIES: 'e2e', TEST_LONG: 'true' });
  });
});

test('an unknown command is refused, with the names of the known commands', async () => {
  const child = start('node', 'scripts/run.mjs', 'deploy');
  expect(await ended(child)).toBe(2);
  expect(child.text()).toContain('install, start, dev, inspect, test');
});
