import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openConnection, postOf, type Connection } from '../bench/clients/connection.ts';
import { cpuTimeMs } from '../bench/cpu-time.ts';
import { messageOf } from '../packages/core/test/mcp/raw.ts';

/**
 * The most CPU time that a call and a list may take, in multiples of a bare server. The limit is loose, because a busy machine changes the
 * ratio by a half, but tight enough to notice plain calls that go through the SDK, which take more than 5. docs/performance.md has the
 * measured ratios.
 */
const mostTimesBare = { call: 2.5, list: 2.5 };

const clients = 8;
const warmUp = 800;
const requests = 240;
const rounds = 5;

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly connections: readonly Connection[];
}

/** Starts a program, and reads its port from the line that it prints. */
async function start(stack: AsyncDisposableStack, program: string): Promise<Server> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '..', program)], {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  stack.defer(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  let output = '';
  for await (const chunk of child.stderr.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    output += chunk.toString();
    const port = Number(/Serving MCP at http:\/\/127\.0\.0\.1:(\d+)\/mcp\n/.exec(output)?.[1]);
    if (!port) continue;
    const connections = await Promise.all(Array.from({ length: clients }, () => openConnection(port)));
    stack.defer(async () => connections.forEach((connection) => connection.close()));
    return { pid: child.pid ?? 0, port, connections };
  }
  throw new Error(`The program ended: ${output}`);
}

/** Returns the CPU time, in milliseconds, that a server takes for `count` requests, divided among its clients. */
async function cpuOf({ pid, port, connections }: Server, method: string, params: object, count: number): Promise<number> {
  const { headers, body } = messageOf(method, params);
  const request = postOf(port, headers, JSON.stringify(body));
  const before = cpuTimeMs(pid);
  await Promise.all(
    connections.map(async (connection) => {
      for (let sent = 0; sent < count / clients; sent += 1) {
        const { status, body: answered } = await connection.send(request);
        if (status !== 200 || !answered.includes('"result"')) throw new Error(`${status} ${answered.toString('utf8')}`);
      }
    }),
  );
  return cpuTimeMs(pid) - before;
}

// CPU time comes from Linux's /proc.
test.runIf(platform() === 'linux')('a call and a list take only a few times the CPU time of a bare server', async () => {
  await using stack = new AsyncDisposableStack();
  const [bare, own] = await Promise.all([start(stack, 'test/speed/bare.ts'), start(stack, 'examples/minimal-server/src/server.ts')]);
  const call = ['tools/call', { name: 'hello_greet_person', arguments: { name: 'Ada' } }] as const;
  const list = ['tools/list', {}] as const;
  const ratios = { call: [] as number[], list: [] as number[] };
  await Promise.all([bare, own].map((server) => cpuOf(server, ...call, warmUp)));
  await cpuOf(own, ...list, warmUp);
  for (let round = 0; round < rounds; round += 1) {
    const limit = await cpuOf(bare, ...call, requests);
    ratios.call.push((await cpuOf(own, ...call, requests)) / limit);
    ratios.list.push((await cpuOf(own, ...list, requests)) / limit);
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(rounds / 2)];
  expect(median(ratios.call), `a call took ${ratios.call.join(', ')} times as much`).toBeLessThan(mostTimesBare.call);
  expect(median(ratios.list), `a list took ${ratios.list.join(', ')} times as much`).toBeLessThan(mostTimesBare.list);
});
