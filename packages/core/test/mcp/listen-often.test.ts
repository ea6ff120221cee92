import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { platform } from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createHost } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { probe } from './probe.ts';

const page = 'GET /page HTTP/1.1\r\nHost: a\r\n\r\n';

async function serve(port: number) {
  const host = createHost({ connectors: [probe().connector] });
  return await httpTransport({ port, fallback: (_request, response) => void response.end('here') }).listen(host);
}

test.runIf(platform === 'linux')('a new client is served while hundreds of others are accepted and kept busy', async () => {
  const listener = await serve(0);
  onTestFinished(() => listener.close());
  const port = Number(new URL(listener.url).port);
  let answers = 0;
  const crowd = Array.from({ length: 400 }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(page));
    return socket.on('data', () => (answers += 1) && socket.write(page)).on('error', () => {});
  });
  onTestFinished(() => crowd.forEach((socket) => socket.destroy()));
  await Promise.all(crowd.map((socket) => once(socket, 'connect')));
  const before = answers;
  const late = connect(port, '127.0.0.1', () => late.write(page));
  onTestFinished(() => void late.destroy());
  await once(late, 'data');
  // One accepted connection in a turn would let the others have tens of thousands of answers first.
  expect(answers - before).toBeLessThan(50 * crowd.length);
});

test('a port that another server has is reported', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  await expect(serve((other.address() as AddressInfo).port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  const first = await serve(0);
  const port = Number(new URL(first.url).port);
  await expect(serve(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.close();
  await (await serve(port)).close();
});

test('the workers of a program that uses node:cluster serve the same port', async () => {
  const program = spawn(process.execPath, [fileURLToPath(new URL('./cluster-server.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void program.kill('SIGKILL'));
  let printed = '';
  for await (const text of program.stdout.setEncoding('utf8')) {
    printed += text;
    if (printed.split('\n').length > 2) break;
  }
  const [first, second] = printed.split('\n');
  expect(first).toMatch(/^http:/);
  expect(second).toBe(first);
});
