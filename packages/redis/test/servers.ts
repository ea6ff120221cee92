import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@busbar/core';
import { createClient } from '@redis/client';
import { openRedis, type Redis, type RedisOptions } from '../src/index.ts';

/** The Redis that the tests share with other programs. */
const url = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379';

const probe = await openRedis(url);
/** Why tests on the shared Redis cannot run here, or undefined. */
export const noRedis = probe.available ? undefined : `no Redis at ${new URL(url).host}`;
await probe.close();
if (noRedis && process.env['CI'] === 'true') throw new Error(`CI needs it: ${noRedis}`);
if (noRedis) console.warn(`Skipped: tests that need a shared Redis (${noRedis}). Start one, or name it in TEST_REDIS_URL.`);

/** A test's own prefix on the shared Redis. */
export interface Place {
  open(options?: RedisOptions): Promise<Redis>;
  /** Every key with the prefix, with its time to live in milliseconds; -1 means forever. */
  keys(): Promise<ReadonlyMap<string, number>>;
  /** Closes all clients and deletes the keys. */
  remove(): Promise<void>;
}

export function sharedPlace(): Place {
  const prefix = `busbar-test:${randomUUID()}:`;
  const opened: Redis[] = [];
  async function keys(): Promise<ReadonlyMap<string, number>> {
    const client = await createClient({ url }).connect();
    const found = new Map<string, number>();
    for await (const batch of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1_000 }))
      for (const key of batch) found.set(key, await client.pTTL(key));
    client.destroy();
    return found;
  }
  return {
    async open(options = {}) {
      const redis = await openRedis(url, { prefix, commandTimeoutMs: 10_000, ...options });
      opened.push(redis);
      return redis;
    },
    keys,
    async remove() {
      for (const redis of opened) await redis.close();
      const left = [...(await keys()).keys()];
      if (left.length === 0) return;
      const client = await createClient({ url }).connect();
      await client.del(left);
      client.destroy();
    },
  };
}

/** Why tests cannot start a Redis of their own here, or undefined. */
export const noOwnRedis = spawnSync('redis-server', ['--version']).error ? 'no redis-server on this machine' : undefined;
if (noOwnRedis && process.env['CI'] === 'true') throw new Error(`CI needs it: ${noOwnRedis}`);
if (noOwnRedis) console.warn(`Skipped: tests that stop and start a Redis (${noOwnRedis}).`);

/** A Redis server that belongs to the test, which may kill, stop and restart it. */
export interface OwnServer {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Suspends the server until `goOn`: it keeps its connections and does not answer. */
  hang(): void;
  goOn(): void;
  remove(): Promise<void>;
}

export async function ownServer(...settings: readonly string[]): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no', ...settings];
    child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const output = child.stdout;
    if (!output) throw new Error('no output');
    output.setEncoding('utf8');
    for await (const part of output.iterator({ destroyOnReturn: false })) if (String(part).includes('Ready to accept')) break;
    output.resume();
  }
  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    hang: () => void child?.kill('SIGSTOP'),
    goOn: () => void child?.kill('SIGCONT'),
    async remove() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A log that keeps its lines. */
export function keptLog(): Logger & { readonly lines: readonly string[]; logged(count: number): Promise<void> } {
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  const keep = (level: string) => (_fields: object, message: string) => {
    lines.push(`${level}: ${message}`);
    for (const look of watchers) look();
  };
  return {
    lines,
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    logged: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (lines.length < count) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
  };
}
