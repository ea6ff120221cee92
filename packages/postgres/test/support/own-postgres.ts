import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

const programs = findPrograms();

/** Why no PostgreSQL can be started on this machine, or undefined. CI needs PostgreSQL. */
export const noOwnPostgres = programs === undefined ? 'no initdb and postgres in PATH or /usr/lib/postgresql' : undefined;
if (noOwnPostgres && process.env['CI'] === 'true') throw new Error(`CI needs PostgreSQL: ${noOwnPostgres}`);
if (noOwnPostgres) console.warn(`Not run: tests that stop and start a PostgreSQL (${noOwnPostgres}).`);

/** A PostgreSQL server that belongs to the test, which may stop and restart it. It waits for the disk, as in production. */
export interface OwnPostgres {
  readonly url: string;
  /** `fast` disconnects clients and rolls back open transactions. `immediate` ends all its processes at once, as in a crash. */
  stop(how: 'fast' | 'immediate'): Promise<void>;
  /** Resolves when it accepts connections again. */
  start(): Promise<void>;
  /** Stops it and deletes its folder. */
  remove(): Promise<void>;
}

const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/**
 * Creates a database in a temporary folder and serves it on a free port. PostgreSQL refuses to run as root, so root starts it as another
 * user of the machine.
 *
 * @throws {Error} if the server that answers on the port uses another folder. Nothing is written in that case.
 */
export async function ownPostgres(): Promise<OwnPostgres> {
  if (programs === undefined) throw new Error(noOwnPostgres);
  const folder = mkdtempSync(join(tmpdir(), 'busbar-postgres-'));
  const user = unprivileged();
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'busbar', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'], {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const port = await freePort();
  const postgres = join(programs, 'postgres');
  const args = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(postgres, args, { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    child = started;
    let output = '';
    for await (const part of started.stderr.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      output += String(part);
      if (output.includes('ready to accept connections')) return void started.stderr.resume();
    }
    throw new Error(`PostgreSQL does not start:\n${output}`);
  }
  async function stop(how: keyof typeof signals): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signals[how]);
    await exited;
  }
  async function remove(): Promise<void> {
    await stop('immediate');
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  }

  const url = `postgres://busbar@127.0.0.1:${port}/postgres`;
  try {
    await start();
    await checkIsOurs(url, data);
  } catch (error) {
    await remove();
    throw error;
  }
  return { url, stop, start, remove };
}

async function checkIsOurs(url: string, folder: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const show = async (name: string) => (await client.query<Record<string, string>>(`show ${name}`)).rows[0]?.[name];
    const found = await show('data_directory');
    if (found !== realpathSync(folder)) throw new Error(`The server at ${url} keeps its data in ${found}, not in ${folder}`);
    if ((await show('fsync')) !== 'on') throw new Error(`The server at ${url} does not wait for the disk`);
  } finally {
    await client.end();
  }
}

/** The user that root switches to. Undefined for other users. */
function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string, name: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
  for (const name of ['postgres', 'daemon']) {
    try {
      return { uid: id('-u', name), gid: id('-g', name) };
    } catch {
      // The user does not exist. The next one may.
    }
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user postgres nor a user daemon');
}

/** The folder of PostgreSQL's programs: from PATH, or the newest version in Debian's folder. */
function findPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
