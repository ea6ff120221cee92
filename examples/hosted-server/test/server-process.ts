import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPlace, pgliteCluster, pgliteTemplate, wasmFlags } from '../../../packages/postgres/test/support/pglite-template.ts';

const main = join(import.meta.dirname, '../src/main.ts');
// Loading the sources takes a third of a start.
const compiled = join(import.meta.dirname, '../../../node_modules/.cache/busbar-test/compiled');

/** A hosted server in its own process, as an operator runs it. */
export interface ServerProcess {
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
  /** The MCP address in its banner. Empty if it did not start. */
  readonly url: string;
  /** The key in its banner. Empty if there is none. */
  readonly key: string;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the log has a matching line. Rejects if the process ends without one. */
  logged(pattern: RegExp): Promise<void>;
}

/** Starts a server with these settings and without the other variables of this environment. Resolves when it serves or has ended. */
export async function startProcess(env: Readonly<Record<string, string>>, ...args: string[]): Promise<ServerProcess> {
  return await startProgram(main, env, ...args);
}

/** Like {@link startProcess}, for a built server. */
export async function startProgram(program: string, env: Readonly<Record<string, string>>, ...args: string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...wasmFlags, program, ...args], {
    env: { PATH: process.env['PATH'], PORT: '0', NODE_COMPILE_CACHE: compiled, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const seen = async (stream: NodeJS.ReadableStream, found: () => boolean): Promise<boolean> => {
    const over = ended.then(() => true);
    while (!found()) if (await Promise.race([once(stream, 'data').then(() => false), over])) return found();
    return true;
  };
  const untilServing = seen(child.stdout, () => /-d '.*'\n$/.test(stdout));
  await untilServing;
  return {
    get stdout() {
      return stdout;
    },
    get stderr() {
      return stderr;
    },
    pid: child.pid ?? 0,
    url: /MCP endpoint +(\S+)/.exec(stdout)?.[1] ?? '',
    key: /API key +(bb_\S{43})/.exec(stdout)?.[1] ?? '',
    ended,
    kill: (signal) => void child.kill(signal),
    logged: async (pattern) => {
      if (!(await seen(child.stderr, () => pattern.test(stderr))))
        throw new Error(`The server ended without logging ${pattern}:\n${stderr}`);
    },
  };
}

/** Like {@link startProcess}, but the server ends with the stack. */
export async function startServing(
  stack: AsyncDisposableStack,
  env: Readonly<Record<string, string>>,
  ...args: string[]
): Promise<ServerProcess> {
  return endedWith(stack, await startProcess(env, ...args));
}

/** Ends the server with the stack, and returns it. */
export function endedWith(stack: AsyncDisposableStack, server: ServerProcess): ServerProcess {
  stack.defer(async () => {
    server.kill('SIGKILL');
    await server.ended;
  });
  return server;
}

/** Creates an empty folder that is deleted with the stack. */
export async function temporaryFolder(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(dataPlace, 'busbar-server-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Creates a data folder in the state after a first start, but without a key. It is a copy, because creating a database takes seconds;
 * `cpSync` is five times as fast as `cp`. Deleted with the stack.
 */
export async function dataFolder(stack: AsyncDisposableStack): Promise<string> {
  return await copyOf(await pgliteTemplate(), stack);
}

/** Creates a data folder with a database that has no Busbar tables. Deleted with the stack. */
export async function unmigratedFolder(stack: AsyncDisposableStack): Promise<string> {
  return await copyOf(await pgliteCluster(), stack);
}

async function copyOf(template: string, stack: AsyncDisposableStack): Promise<string> {
  const folder = await temporaryFolder(stack);
  cpSync(template, folder, { recursive: true });
  return folder;
}
