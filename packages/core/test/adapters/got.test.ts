import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { gotHttpClient, isPrivateAddress } from '../../src/adapters/got.ts';
import { HttpClientError } from '../../src/index.ts';
import { startSimulator } from '../../src/testing/index.ts';

const signal = (): AbortSignal => new AbortController().signal;

async function bodyOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '::1',
  '::',
  'fd00::1',
  'fe80::1',
  '::ffff:10.0.0.1',
  '::FFFF:0a00:0001',
  '0:0:0:0:0:ffff:7f00:1',
  '192.88.99.1',
  '::10.0.0.1',
  '::8.8.8.8',
  '::ffff:0:8.8.8.8',
  '64:ff9b::808:808',
  '64:ff9b:1::1',
  'fec0::1',
  '2001:0:4136:e378::1',
  '2001:10::1',
  '2001:20::1',
  '2001:db8::1',
  '2002:a00:1::1',
  '3fff::1',
  '5f00::1',
  '4000::1',
  'ff02::1',
  'fe80::1%eth0',
  'nonsense',
])('%s is private', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each([
  '1.1.1.1',
  '172.32.0.1',
  '100.128.0.1',
  '2606:4700::1111',
  '2001:4860:4860::8888',
  '2a00:1450::1',
  '::ffff:1.1.1.1',
  '::ffff:101:101',
])('%s is public', (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

test.each(['http://api.acme.example/', 'https://127.0.0.1/', 'https://[::1]/', 'https://169.254.169.254/latest', 'https://localhost/'])(
  'sends nothing to %s',
  async (url) => {
    const refused = gotHttpClient().send({ method: 'GET', url: new URL(url), headers: {}, signal: signal() });
    await expect(refused).rejects.toBeInstanceOf(HttpClientError);
    await expect(refused).rejects.toMatchObject({ sent: 'no', message: expect.stringMatching(/public HTTPS|private address/) as string });
  },
);

test('sends method, headers and body to the remapped origin under the original Host', async () => {
  const vendor = await startSimulator({ routes: { 'PUT /a/{b}': () => ({ status: 201, headers: { 'x-one': '1' }, body: { ok: true } }) } });
  const response = await gotHttpClient().send({
    method: 'PUT',
    url: new URL('https://api.acme.example/a/b%2Fc?d=e'),
    headers: { 'content-type': 'application/json' },
    body: '{"x":1}',
    remap: new URL(vendor.url),
    signal: signal(),
  });
  expect([response.status, response.headers.get('x-one'), await bodyOf(response.body)]).toEqual([201, '1', '{"ok":true}']);
  expect(vendor.requests[0]).toMatchObject({
    method: 'PUT',
    params: { b: 'b/c' },
    body: { x: 1 },
    headers: { host: 'api.acme.example', 'user-agent': 'busbar' },
  });
  expect(vendor.requests[0]?.query.get('d')).toBe('e');
  await vendor.close();
});

test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('sends a %s without a body, with a content-length of 0', async (method) => {
  const vendor = await startSimulator({ routes: { [`${method} /a`]: () => ({ status: 204 }) } });
  const url = new URL('https://api.acme.example/a');
  const response = await gotHttpClient().send({ method, url, headers: {}, remap: new URL(vendor.url), signal: signal() });
  expect([response.status, await bodyOf(response.body)]).toEqual([204, '']);
  expect(vendor.requests[0]).toMatchObject({ rawBody: '', headers: { 'content-length': '0' } });
  expect(vendor.requests[0]?.headers).not.toHaveProperty('transfer-encoding');
  await vendor.close();
});

test('a request on a refused connection was certainly not sent; on a reset connection it may have been', async () => {
  const vendor = await startSimulator({ routes: { 'POST /': () => ({ status: 200 }) } });
  const send = () =>
    gotHttpClient().send({
      method: 'POST',
      url: new URL('https://api.acme.example/'),
      headers: {},
      body: 'x',
      remap: new URL(vendor.url),
      signal: signal(),
    });
  vendor.misbehave({ kind: 'reset' });
  await expect(send()).rejects.toMatchObject({ name: 'HttpClientError', sent: 'unknown' });
  await vendor.close();
  await expect(send()).rejects.toMatchObject({ name: 'HttpClientError', sent: 'no' });
});

test('an abort rejects with the signal’s own reason, before the answer and while its body is read', async () => {
  const server = createServer((_, response) => response.writeHead(200).write('begin')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const remap = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const abort = new AbortController();
  const reason = new Error('enough');
  const response = await gotHttpClient().send({
    method: 'GET',
    url: new URL('https://api.acme.example/'),
    headers: {},
    remap,
    signal: abort.signal,
  });
  const reading = bodyOf(response.body);
  abort.abort(reason);
  await expect(reading).rejects.toBe(reason);
  await expect(
    gotHttpClient().send({ method: 'GET', url: new URL('https://api.acme.example/'), headers: {}, remap, signal: abort.signal }),
  ).rejects.toBe(reason);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('kept-alive sockets are reused', async () => {
  let sockets = 0;
  const server = createServer((_, response) => response.end('ok')).on('connection', () => (sockets += 1));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const remap = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const client = gotHttpClient();
  for (let i = 0; i < 3; i += 1)
    await bodyOf(
      (await client.send({ method: 'GET', url: new URL('https://api.acme.example/'), headers: {}, remap, signal: signal() })).body,
    );
  expect(sockets).toBe(1);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
