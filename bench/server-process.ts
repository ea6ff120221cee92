import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkServer, openClient, type Caller } from './clients/client.ts';
import { cpuTimeMs, cpuTimeOfAll, residentMb } from './cpu-time.ts';
import { argumentsOf, type Era } from './clients/request.ts';
import type { Server } from './servers.ts';

const built = join(import.meta.dirname, 'built/servers');
// Keeps the compiled code of a server for its later starts, as `npm start` does for the hosted server.
const compileCache = join(import.meta.dirname, 'built/compile-cache');

/** A running server. */
export interface Running {
  readonly server: Server;
  /** The time from the start of the process to the first answered call, in milliseconds. */
  readonly coldStartMs: number;
  /** The resident memory after the first call, in megabytes. */
  readonly startMb: number;
  caller(era: Era): Caller;
  /** Returns the CPU time of the server so far, and of PostgreSQL if the server uses it, in milliseconds. */
  cpuMs(): { readonly own: number; readonly database: number };
  residentMb(): number;
  /** Returns the heap in use after a garbage collection, in kilobytes. */
  heapKb(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a server with a number of tools, and checks that its answers are correct. */
export async function startServer(server: Server, tools: number): Promise<Running> {
  const databaseAccess = server.database ? (JSON.parse(database('make')) as { url: string; key: string }) : undefined;
  const port = await freePort();
  const log = join(built, `${server.id}.log`);
  const out = openSync(log, 'w');
  const began = performance.now();
  const child = fork(join(built, `${server.id}.js`), [String(port), String(tools)], {
    stdio: ['ignore', 'ignore', server.database ? 'ignore' : out, 'ipc'],
    execArgv: [...(server.flags ?? []), '--import', join(built, 'probe.js')],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: compileCache,
      ...(databaseAccess && { DATABASE_URL: databaseAccess.url }),
    },
  });
  closeSync(out);
  const { pid = 0 } = child;
  const databaseMs = cpuTimeOfAll('postgres');
  const caller = (era: Era): Caller => ({ port, era, session: server.sessions && era === '2025-11-25', key: databaseAccess?.key });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    if (databaseAccess) database('drop', databaseAccess.url);
  };
  try {
    await firstCall(child, caller(server.eras[0]));
    const coldStartMs = performance.now() - began;
    const startMb = residentMb(pid);
    // Node writes the compile cache when a process exits, but these processes are killed.
    await ask(child, 'flush');
    for (const era of server.eras) await checkServer(caller(era), tools, server.unchecked !== undefined);
    return {
      server,
      coldStartMs,
      startMb,
      caller,
      cpuMs: () => ({ own: cpuTimeMs(pid), database: server.database ? databaseMs() : 0 }),
      residentMb: () => residentMb(pid),
      heapKb: async () => (await ask(child, 'heap')) / 1024,
      stop,
    };
  } catch (error) {
    await stop();
    const output = readFileSync(log, 'utf8').slice(-2_000);
    throw new Error(`${server.label} with ${tools} tools: ${(error as Error).message}\n${output}`, { cause: error });
  }
}

/** Sends a request to servers/probe.ts, which runs inside the server. */
async function ask(child: ChildProcess, what: 'flush' | 'heap'): Promise<number> {
  child.send(what);
  const [answer] = (await once(child, 'message')) as [number];
  return answer;
}

const startMs = 30_000;
const retryMs = 2;

/** Retries a call until the server answers it, for 30 seconds at most. */
async function firstCall(child: ChildProcess, caller: Caller): Promise<void> {
  const until = performance.now() + startMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error('The server ended before it answered a call.');
    try {
      const client = await openClient(caller);
      const { status } = await client.send(client.request({ method: 'tools/call', arguments: argumentsOf('1k') }));
      client.close();
      if (status === 200) return;
    } catch (error) {
      if (performance.now() > until) throw error;
    }
    if (performance.now() > until) throw new Error(`The server answered no call in ${startMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** Finds a free port, because several of the servers cannot choose a port themselves. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function database(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(built, 'busbar-database.js'), ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
