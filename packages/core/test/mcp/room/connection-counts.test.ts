import { expect, test } from 'vitest';
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
