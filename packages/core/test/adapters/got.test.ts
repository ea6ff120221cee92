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
  ['this network', '0.0.0.0', '0.255.255.255'],
  ['private networks', '10.1.2.3', '172.16.0.0', '172.31.255.255', '192.168.0.1'],
  ['the networks of carriers', '100.64.0.1', '100.127.255.255'],
  ['loopback', '127.0.0.1', '127.255.255.255', '::1'],
  ['link-local addresses', '169.254.169.254', 'fe80::1', 'febf::1', 'fe80::1%eth0'],
  ['protocol assignments', '192.0.0.170', '2001::1', '2001:0:4136:e378::1', '2001:2::1', '2001:10::1', '2001:20::1', '2001:1ff:ffff::1'],
  ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1', '3fff:fff:ffff::1'],
  ['relays', '192.88.99.1'],
  ['benchmarks', '198.18.0.1', '198.19.255.255'],
  ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1'],
  ['reserved addresses', '240.0.0.1', '255.255.255.255', '4000::1', '8000::1', 'f000::1'],
  ['the unspecified address', '::'],
  ['local addresses', 'fc00::1', 'fd00::1', 'fec0::1'],
  ['IPv4-compatible addresses', '::10.0.0.1', '::a00:1', '::8.8.8.8'],
  ['IPv4-mapped addresses', '::ffff:10.0.0.1', '::ffff:a00:1', '0:0:0:0:0:ffff:0a00:0001', '::FFFF:127.0.0.1', '::ffff:8.8.8.8'],
  ['IPv4-translated addresses', '::ffff:0:10.0.0.1', '::ffff:0:8.8.8.8'],
  ['translators', '64:ff9b::10.0.0.1', '64:ff9b::a00:1', '64:ff9b:1::10.0.0.1', '64:ff9b:1:ffff::1'],
  ['6to4', '2002:a00:1::', '2002:7f00:1::1', '2002:808:808::1'],
  ['the discard prefix', '100::1'],
  ['segment routing', '5f00::1'],
  ['text', 'nonsense', '', '10.0.0', '0x7f000001', '2130706433', '[::1]'],
])('no request goes to %s', (_what, ...addresses) => {
  expect(addresses.filter((address) => !isPrivateAddress(address))).toEqual([]);
});

test('requests go to public addresses, also beside the others', () => {
  const ipv4 = ['1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.1.1.1', '128.0.0.1', '169.253.1.1'];
  const more = ['172.15.255.255', '172.32.0.1', '192.0.1.1', '192.88.98.1', '192.167.1.1', '192.169.1.1', '198.17.1.1', '223.255.255.255'];
  const ipv6 = [
    '2001:200::1',
    '2001:4860:4860::8888',
    '2001:db7::1',
    '2001:db9::1',
    '2003::1',
    '2606:4700::1111',
    '3ffe::1',
    '2a00:1450::1',
  ];
  expect([...ipv4, ...more, ...ipv6].filter(isPrivateAddress)).toEqual([]);
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

test('hundreds of requests that a vendor does not answer leave sockets for others', async () => {
  let arrived = 0;
  const server = createServer(() => (arrived += 1)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const remap = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const abort = new AbortController();
  const client = gotHttpClient();
  const send = () =>
    client.send({ method: 'GET', url: new URL('https://api.acme.example/'), headers: {}, remap, signal: abort.signal }).catch(() => {});
  const sent = Array.from({ length: 300 }, send);
  await expect.poll(() => arrived).toBe(300);
  abort.abort();
  await Promise.all(sent);
  server.close();
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
