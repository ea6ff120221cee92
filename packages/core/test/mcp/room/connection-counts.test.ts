import { expect, test } from 'vitest';
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

test('behind a proxy, whose address is that of all callers, there is no such limit', async () => {
  const { url } = await serve({ maxConnectionsPerAddress: 1, trustProxy: true });
  const open = await Promise.all([1, 2, 3].map(() => rawClient(url)));
  expect((await post(url, echo)).status).toBe(200);
  expect(open.map(({ socket }) => socket.destroyed)).toEqual([false, false, false]);
});

/** A GET that needs no answer before the next one is sent. */
const get = 'GET /elsewhere HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n';

test('the connection of a client that does not wait for its answers is closed, and no other of its network', async () => {
  const { url } = await serve();
  const [first, second] = [await rawClient(url, '127.0.0.2'), await rawClient(url, '127.0.0.2')];
  first.socket.write(get.repeat(2_000));
  await first.closed;
  expect(first.text.match(/HTTP\/1.1/g)?.length ?? 0).toBeLessThan(10);
  second.socket.write(get);
  expect(await second.reads(/404/)).toMatch(/^HTTP\/1.1 404/);
});

test('a network that does it again and again is shut out for ten seconds, with all of its connections', async () => {
  const clock = manualClock();
  const { url } = await serve({}, { clock });
  const [bystander, stranger] = [await rawClient(url, '127.0.0.2'), await rawClient(url)];
  for (let times = 0; times < 8; times += 1) {
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

test('behind a proxy, only connections of such clients are closed', async () => {
  const { url } = await serve({ trustProxy: true });
  const other = await rawClient(url);
  for (let times = 0; times < 9; times += 1) {
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
    while ((client.text.match(/HTTP\/1.1 404/g)?.length ?? 0) < 4 * times)
      await new Promise((resolve) => client.socket.once('data', resolve));
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
  for (let answers = 1; answers <= 2_000; answers += 1) {
    client.socket.write(get);
    await client.reads(new RegExp(`(?:404[^]*){${Math.min(answers, 1)}}`));
    while ((client.text.match(/HTTP\/1.1 404/g)?.length ?? 0) < answers)
      await new Promise((resolve) => client.socket.once('data', resolve));
  }
  expect(client.socket.destroyed).toBe(false);
});
