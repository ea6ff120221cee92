// Runs `npm start`, `npm test` and others on a machine that has only Node 20 and npm. Installs the packages in the lockfile if they are
// missing, then starts the Node that is one of them. It is plain JavaScript without dependencies, because it runs before anything is
// installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules/node/bin/node');

// The young generation is collected a little more often, and by one thread, which halves the memory of the server: docs/performance.md.
const collector = ['--max-semi-space-size=16', '--no-parallel-scavenge'];

const rolldown = 'examples/hosted-server/node_modules/rolldown/bin/cli.mjs';
const inspector = '@modelcontextprotocol/inspector@2.12.0';

const serve = (...watching) => {
  // The next start reuses the compiled code, and takes little more than half as long: docs/performance.md.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/node-compile-cache');
  return run(node, ...watching, ...collector, 'examples/hosted-server/src/main.ts', ...rest);
};

const commands = {
  install: () => 0,
  start: () => serve(),
  dev: () => serve('--watch', '--watch-preserve-output'),
  inspect: () => {
    const { KEY, MCP_URL = 'http://127.0.0.1:3000/mcp' } = process.env;
    if (!KEY) fail('Set KEY to an API key of the server: it prints one at its first start, and after "npm start -- --new-key".', 2);
    const server = ['--transport', 'http', '--server-url', MCP_URL, '--header', `Authorization: Bearer ${KEY}`];
    return run('npx', '--yes', inspector, ...rest, ...server);
  },
  test: () => runTests(),
  'test-long': () => {
    process.env.TEST_LONG = 'true';
    return runTests();
  },
  'build-server': () => run(node, rolldown, '-c', 'examples/hosted-server/rolldown.config.ts', ...rest),
  bench: () => run(node, 'bench/run.ts', ...rest),
  pnpm: () => run(...pnpm(), ...rest),
};

const [name = '', ...rest] = process.argv.slice(2);
if (!Object.hasOwn(commands, name)) fail(`Say what to run: ${Object.keys(commands).join(', ')}.`, 2);

if (!installed()) {
  console.error('Installing the dependencies, and the Node that the project runs on. This happens once and takes about half a minute.');
  const status = await run(...pnpm(), 'install', '--frozen-lockfile');
  if (status !== 0) fail('The installation failed; the lines above say why. Nothing was started.', status);
}
process.exitCode = await commands[name]();

/** Leading arguments that name a category (test/categories.json) choose test files; vitest gets the other arguments unchanged. */
function runTests() {
  const categories = Object.keys(JSON.parse(readFileSync(join(root, 'test/categories.json'), 'utf8')));
  const named = rest.findIndex((word) => !categories.includes(word));
  const count = named === -1 ? rest.length : named;
  process.env.TEST_CATEGORIES = rest.slice(0, count).join();
  return run(node, 'node_modules/vitest/vitest.mjs', 'run', ...rest.slice(count));
}

/** pnpm keeps a copy of the lockfile that it installed from. */
function installed() {
  const copy = join(root, 'node_modules/.pnpm/lock.yaml');
  return existsSync(copy) && existsSync(node) && readFileSync(copy).equals(readFileSync(join(root, 'pnpm-lock.yaml')));
}

/**
 * Returns the pnpm on the path if it can read this workspace. Otherwise returns a copy that npm fetches, with a Node that is new enough.
 */
function pnpm() {
  const { stdout } = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8' });
  return stdout?.startsWith('12.') ? ['pnpm'] : ['npx', '--yes', '-p', 'node@24', '-p', 'pnpm@12', 'pnpm'];
}

/** Runs a program in this terminal. Signals and the exit status pass through. */
function run(program, ...args) {
  const env = { ...process.env, PATH: join(root, 'node_modules/.bin') + delimiter + process.env.PATH };
  const child = spawn(program, args, { cwd: root, env, stdio: 'inherit' });
  const terminate = () => child.kill('SIGTERM');
  // A terminal also sends Ctrl-C to the child. A second signal from this process would make the child exit at once.
  const interrupt = () => process.stdin.isTTY || child.kill('SIGINT');
  process.on('SIGTERM', terminate).on('SIGINT', interrupt);
  return new Promise((resolve) => {
    child.once('error', (error) => fail(`Could not run ${program}: ${error.message}`, 127));
    child.once('exit', (status, signal) => {
      process.off('SIGTERM', terminate).off('SIGINT', interrupt);
      resolve(status ?? 128 + constants.signals[signal]);
    });
  });
}

function fail(message, status) {
  console.error(message);
  process.exit(status);
}
