import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { ToolError } from '../../../src/index.ts';
import { ConnectionCounts } from '../../../src/mcp/room/connection-counts.ts';
import { manualClock } from '../../../src/testing/index.ts';
import { callOf, post } from '../raw.ts';
import { serve } from '../serve.ts';
import { rawClient } from './sockets.ts';

const echo = callOf('probe_echo_text', { text: 'a' });

test('closes the connections of an address beyond its limit, and serves other addresses', async () => {
  const { url } = await serve({ maxConnectionsPerAddress: 3 });
  const open = await Promise.all([1, 2, 3].map(() => rawClient(url, '127.0.0.2')));
  const beyond = await rawClient(url, '127.0.0.2');
  await beyond.closed;
  expect(open.map(({ socket }) => socket.destroyed)).toEqual([false, false, false]);
  expect((await post(url, echo)).status).toBe(200);
  open[0]?.socket.destroy();
  await expect
    .poll(async () => {
      const again = await rawClient(url, '127.0.0.2');
      again.socket.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
      return await again.reads(/404/).catch(() => '');
    })
    .toContain('HTTP/1.1 404');
});

/** Opens connections of an address until one is refused or there are `wanted`, and returns their number. */
function openAll(counts: ConnectionCounts, remoteAddress: string, wanted: number): number {
  for (let opened = 0; opened < wanted; opened += 1) {
    let refused = false;
    counts.admit({ remoteAddress, once: () => {}, destroy: () => (refused = true) } as unknown as Socket);
    if (refused) return opened;
  }
  return wanted;
}

test('an address may have a multiple of the connections that are free, so that many addresses leave some for the next', () => {
  const options = { shutsOut: true, crowded: Infinity, onCrowded: () => {}, clock: manualClock() };
  const one = new ConnectionCounts({ ...options, total: 1_000, maxPerOwner: 100 });
  expect(openAll(one, '192.0.2.1', 1_000)).toBe(100);
  const many = new ConnectionCounts({ ...options, total: 1_000, maxPerOwner: 100 });
  const taken = Array.from({ length: 10 }, (_, index) => openAll(many, `192.0.2.${index}`, 1_000));
  expect(taken[9]).toBeGreaterThan(30);
  expect(taken.reduce((sum, count) => sum + count)).toBeLessThan(700);
  // A few clients of each of many networks find room.
  for (let index = 0; index < 20; index += 1) expect(openAll(many, `198.51.100.${index}`, 5)).toBe(5);
  const all = new ConnectionCounts({ ...options, total: 1_000, maxPerOwner: 5_000 });
  expect(openAll(all, '192.0.2.1', 2_000)).toBe(1_000);
});

test('behind a proxy, whose address is that of all callers, there is no such limit', async () => {
  const { url } = await serve({ maxConnectionsPerAddress: 1, trustProxy: true });
  const open = await Promise.all([1, 2, 3].map(() => rawClient(url)));
  expect((await post(url, echo)).status).toBe(200);
  expect(open.map(({ socket }) => socket.destroyed)).toEqual([false, false, false]);
});

/** A GET that needs no answer before the next one is sent. */
const get = 'GET /elsewhere HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n';

/** Whether the address of the clients that misbehave may open no connection. */
async function isShutOut(url: URL): Promise<boolean> {
  const { socket, closed, reads } = await rawClient(url, '127.0.0.2');
  socket.write(get);
  return await Promise.race([closed.then(() => true), reads(/404/).then(() => false)]);
}

test('the connection of a client that does not wait for its answers is closed, and no other of its network', async () => {
  const { url } = await serve();
  const [first, second] = [await rawClient(url, '127.0.0.2'), await rawClient(url, '127.0.0.2')];
  first.socket.write(get.repeat(2_000));
  await first.closed;
  expect(first.text.match(/HTTP\/1.1/g)?.length ?? 0).toBeLessThan(10);
  second.socket.write(get);
  expect(await second.reads(/404/)).toMatch(/^HTTP\/1.1 404/);
});

/** Requests that Node answers itself unless the server does. */
const answeredByNode = {
  'without Host': 'GET / HTTP/1.1\r\n\r\n',
  'with an Expect that no server knows': 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: x\r\n\r\n',
  'that asks whether to send its body': 'POST / HTTP/1.1\r\nhost: 127.0.0.1\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n',
};

test.each(Object.entries(answeredByNode))(
  'a request %s counts like any other on its connection and for its network',
  async (_kind, request) => {
    const { url } = await serve();
    const bystander = await rawClient(url, '127.0.0.2');
    for (let times = 0; times < 3; times += 1) {
      const client = await rawClient(url, '127.0.0.2');
      client.socket.write(request.repeat(500));
      await client.closed;
      expect(client.text.match(/HTTP\/1.1 [2-5]/g)?.length ?? 0).toBeLessThan(10);
    }
    expect(await isShutOut(url)).toBe(true);
    await bystander.closed;
  },
);

test.each(['/mcp', '/hooks/any', '/elsewhere'])(
  'answers a request to %s without Host with 400, and a request that expects the unknown with 417',
  async (path) => {
    const { url } = await serve({
      hostname: '127.0.0.1',
      allowedHosts: ['127.0.0.1'],
      fallback: (_request, response) => void response.end('here'),
    });
    for (const [version, header, status] of [
      ['1.1', 'x: y', '400'],
      ['1.1', 'host: 127.0.0.1\r\nexpect: x', '417'],
    ]) {
      const client = await rawClient(url);
      client.socket.write(`GET ${path} HTTP/${version}\r\n${header}\r\n\r\n`);
      await client.closed;
      expect(client.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
  },
);

test('a network that does it again and again is shut out for ten seconds, with all of its connections', async () => {
  const clock = manualClock();
  const { url } = await serve({}, { clock });
  const [bystander, stranger] = [await rawClient(url, '127.0.0.2'), await rawClient(url)];
  for (let times = 0; times < 3; times += 1) {
    const client = await rawClient(url, '127.0.0.2');
    client.socket.write(get.repeat(100));
    await client.closed;
  }
  await bystander.closed;
  await (
    await rawClient(url, '127.0.0.2')
  ).closed;
  stranger.socket.write(get);
  await stranger.reads(/404/);
  await clock.advance(10_000);
  const again = await rawClient(url, '127.0.0.2');
  again.socket.write(get);
  expect(await again.reads(/404/)).toMatch(/^HTTP\/1.1 404/);
});

test.each([
  ['for /mcp', '/mcp', 'host: a\r\n'],
  ['for a webhook', '/hooks/any', 'host: a\r\n'],
  ['for another path', '/elsewhere', 'host: a\r\n'],
  ['with an unknown Expect', '/mcp', 'host: a\r\nexpect: more\r\n'],
  ['without a Host', '/mcp', ''],
])('a body %s that is refused counts for its network if it has many small pieces', async (_case, path, lines) => {
  const authenticate = () => Promise.reject(new ToolError('UNAUTHENTICATED', 'Send a key.'));
  const { url } = await serve({}, { authenticate });
  const bystander = await rawClient(url, '127.0.0.2');
  const send = async (pieces: number, size: number) => {
    const client = await rawClient(url, '127.0.0.2');
    const piece = `${size.toString(16)}\r\n${' '.repeat(size)}\r\n`;
    client.socket.write(`POST ${path} HTTP/1.1\r\n${lines}transfer-encoding: chunked\r\n\r\n${piece.repeat(pieces)}0\r\n\r\n`);
    await client.closed;
    return client.text.slice(9, 12);
  };
  const refused = await send(60, 1);
  for (let times = 0; times < 4; times += 1) expect([await send(60, 1), await send(150, 300)]).toEqual([refused, refused]);
  bystander.socket.write(get);
  await bystander.reads(/404/);
  for (let times = 0; times < 3; times += 1) await send(1_000, 1);
  expect(await isShutOut(url)).toBe(true);
  await bystander.closed;
});

test('behind a proxy, only connections of such clients are closed', async () => {
  const { url } = await serve({ trustProxy: true });
  const other = await rawClient(url);
  for (let times = 0; times < 4; times += 1) {
    const client = await rawClient(url);
    client.socket.write(get.repeat(100));
    await client.closed;
  }
  other.socket.write(get);
  expect(await other.reads(/404/)).toMatch(/^HTTP\/1.1 404/);
});

test('a client may send a few requests before it has its answers', async () => {
  const { url } = await serve();
  const client = await rawClient(url);
  for (let times = 1; times <= 3; times += 1) {
    client.socket.write(get.repeat(4));
    await client.reads(new RegExp(`(?:HTTP/1.1 404[^]*){${4 * times}}`));
  }
  expect(client.socket.destroyed).toBe(false);
});

test('bytes that follow a request with an Upgrade are not read as a request', async () => {
  const { url } = await serve();
  const client = await rawClient(url);
  const next = 'POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 60\r\n\r\n';
  client.socket.write(`GET /a HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n${next}`);
  await client.reads(/\r\n\r\n/);
  client.socket.write('GET /smuggled HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
  await client.closed;
  expect(client.text.match(/HTTP\/1.1/g)).toHaveLength(1);
});

test('a client that waits for its answers may send thousands of requests on a connection', async () => {
  const { url } = await serve();
  const client = await rawClient(url);
  let answers = 0;
  client.socket.on('data', (text: string) => (answers += text.match(/HTTP\/1.1 404/g)?.length ?? 0));
  for (let sent = 1; sent <= 2_000; sent += 1) {
    client.socket.write(get);
    while (answers < sent) await once(client.socket, 'data');
  }
  expect(client.socket.destroyed).toBe(false);
});
