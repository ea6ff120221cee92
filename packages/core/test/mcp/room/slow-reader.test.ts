import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/index.ts';
import { cutSlowReader } from '../../../src/mcp/room/slow-reader.ts';
import { rawClient } from './sockets.ts';

// More than the buffers of a socket hold.
const large = Buffer.alloc(32 * 1024 * 1024, 'x');

/** A server that answers as told. */
async function serveAnswers(answer: (response: ServerResponse) => void) {
  const server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new URL(`http://127.0.0.1:${port}`);
}

const get = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';

test('ends the connection of a client that stops reading', async () => {
  let response: ServerResponse | undefined;
  const url = await serveAnswers((given) => {
    response = given;
    given.end(large);
    cutSlowReader(given, 200);
  });
  const client = await rawClient(url);
  client.socket.pause();
  client.socket.write(get);
  await expect.poll(() => response?.destroyed).toBe(true);
  expect(response?.writableFinished).toBe(false);
});

test('waits for a client that reads slowly, for longer than it may stop', async () => {
  const url = await serveAnswers((response) => {
    response.end(large);
    cutSlowReader(response, 1_000);
  });
  const client = await rawClient(url);
  let bytes = 0;
  let reads = 0;
  client.socket.removeAllListeners('data');
  client.socket.on('data', (chunk: string) => {
    bytes += chunk.length;
    client.socket.pause();
    reads += 1;
    // Rests a little after each of many parts, and so takes longer in all.
    systemClock.timer(reads < 300 ? 5 : 0, () => client.socket.resume());
  });
  client.socket.write(get);
  await expect.poll(() => bytes).toBeGreaterThan(large.length);
});

test('keeps the connection of a client that has read everything for its next request', async () => {
  const url = await serveAnswers((response) => {
    response.end('small');
    cutSlowReader(response, 100);
  });
  const client = await rawClient(url);
  client.socket.write(get);
  await client.reads(/small/);
  await systemClock.sleep(300, new AbortController().signal);
  client.socket.write(get);
  expect(await client.reads(/small[^]*small/)).toMatch(/^HTTP/);
});
