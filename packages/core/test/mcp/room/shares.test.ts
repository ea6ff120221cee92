import { once } from 'node:events';
import { expect, test } from 'vitest';
import { memoryConnections, ToolError, type RefusalEvent } from '../../../src/index.ts';
import { callOf, post } from '../raw.ts';
import { serve } from '../serve.ts';
import type { HttpTransportOptions } from '../../../src/mcp/http.ts';
import { head, rawClient } from './sockets.ts';

const echo = callOf('probe_echo_text', { text: 'a' });
const wait = callOf('probe_wait_long');
const tenants = ['acme', 'other'];

/** A server for two tenants. The token `acme/k1` is a key of the tenant `acme`. */
async function serveTenants(transport: HttpTransportOptions = {}) {
  const refused: RefusalEvent['reason'][] = [];
  const served = await serve(transport, {
    connections: memoryConnections(tenants.map((tenant) => ({ tenant, connector: 'probe', config: {} }))),
    authenticate: async ({ token = '' }) => {
      const [tenant = '', id = ''] = token.split('/');
      if (!tenants.includes(tenant)) throw new ToolError('UNAUTHENTICATED', 'Send a key.');
      return { tenant, id, roles: [] };
    },
    observer: { refused: ({ reason }) => void refused.push(reason) },
  });
  const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });
  const call = (key: string, message = echo) => post(served.url, message, as(key));
  const open = async (key: string, headers: object, firstBytes = '') => {
    const client = await rawClient(served.url);
    client.socket.write(head('/mcp', { 'content-type': 'application/json', ...echo.headers, ...as(key).headers, ...headers }) + firstBytes);
    return client;
  };
  return { ...served, refused, call, open };
}

const ownShare = { error: { code: 429, data: { code: 'OVERLOADED' } } };

test('bodies that do not end take no place of running requests, and no more of those that arrive than their key’s share', async () => {
  const { call, open, refused } = await serveTenants({ maxRunning: 8 });
  const slow = await Promise.all([1, 2, 3, 4, 5].map(() => open('acme/k1', { 'content-length': 100 }, '{')));
  await expect.poll(() => slow.filter(({ text }) => text.startsWith('HTTP/1.1 429')).length).toBe(3);
  expect(refused).toEqual(['share', 'share', 'share']);
  const { status, headers, json } = await call('acme/k1');
  expect([status, headers.get('retry-after')]).toEqual([429, '1']);
  expect(json()).toMatchObject(ownShare);
  // Another key of the same tenant has a share of its own, and so has another tenant.
  expect([(await call('acme/k2')).status, (await call('other/k1')).status]).toEqual([200, 200]);
  for (const { socket } of slow) socket.destroy();
  await expect.poll(async () => (await call('acme/k1')).status).toBe(200);
});

test('calls that run take their key’s and their tenant’s share, and another tenant’s calls run', async () => {
  const { call, events } = await serveTenants({ maxRunning: 8 });
  let starting = 3;
  const started = new Promise<void>((resolve) => events.on('started', () => (starting -= 1) === 0 && resolve()));
  const running = ['acme/k1', 'acme/k1', 'acme/k2'].map((key) => call(key, wait));
  await started;
  for (const key of ['acme/k1', 'acme/k2']) expect((await call(key)).json()).toMatchObject(ownShare);
  expect((await call('other/k1')).status).toBe(200);
  events.emit('finish');
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await call('acme/k1')).status).toBe(200);
});

test('a maxRunningPerTenant above maxRunning lets a tenant use everything', async () => {
  const { call } = await serveTenants({ maxRunning: 8, maxRunningPerTenant: 20 });
  expect((await call('acme/k1')).status).toBe(200);
});

test('maxRunningPerTenant sets the share of a tenant, and half of it is the share of a key', async () => {
  const { call, events } = await serveTenants({ maxRunning: 8, maxRunningPerTenant: 2 });
  const started = once(events, 'started');
  const running = call('acme/k1', wait);
  await started;
  expect([(await call('acme/k1')).status, (await call('acme/k2')).status]).toEqual([429, 200]);
  events.emit('finish');
  await running;
});

test('a tenant’s bodies hold no more memory than its share', async () => {
  const { call, open } = await serveTenants({ maxBodyBytes: 1_024 });
  // 64 bodies of this size are the whole room, and a key's share is a quarter. Each also counts for what keeping it takes.
  const clients = await Promise.all(Array.from({ length: 17 }, () => open('acme/k1', { 'content-length': 1_024 }, ' '.repeat(1_020))));
  await expect.poll(() => clients.filter(({ text }) => /^HTTP\/1.1 429 [^]*"OVERLOADED"/.test(text)).length).toBeGreaterThanOrEqual(1);
  expect((await call('other/k1')).status).toBe(200);
  expect(clients.filter(({ text }) => text === '').length).toBeGreaterThanOrEqual(8);
});

test('a body that is refused for want of room is not parsed when its rest arrives', async () => {
  const { call, open, lines } = await serveTenants({ maxBodyBytes: 100_000 });
  const length = 100_000;
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => open('acme/k1', { 'content-length': length }, '['.repeat(length - 1))),
  );
  const refused = () => clients.filter(({ text }) => text.includes('"OVERLOADED"'));
  await expect.poll(() => refused().length).toBeGreaterThanOrEqual(4);
  for (const { socket } of clients) socket.write('[');
  for (const client of clients) expect(await client.reads(/\r\n/)).toMatch(/^HTTP\/1.1 4(13|29) /);
  await expect.poll(async () => (await call('acme/k1')).status).toBe(200);
  expect(refused().map(({ text }) => text.match(/HTTP\/1.1/g)?.length)).toEqual(refused().map(() => 1));
  expect((await call('acme/k1')).status).toBe(200);
  expect(lines.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('a body in too many small pieces is refused after few of them', async () => {
  const { url } = await serveTenants();
  const client = await rawClient(url);
  const headers = { 'content-type': 'application/json', authorization: 'Bearer acme/k1', 'transfer-encoding': 'chunked' };
  client.socket.write(head('/mcp', headers) + '1\r\n[\r\n'.repeat(200));
  expect(await client.reads(/small pieces/)).toMatch(/^HTTP\/1.1 400 /);
  await client.closed;
});

test('a body may arrive in chunks of any usual size', async () => {
  const { url } = await serveTenants();
  const client = await rawClient(url);
  const { body, headers } = callOf('probe_echo_text', { text: 'x'.repeat(500_000) });
  const json = JSON.stringify(body);
  client.socket.write(
    head('/mcp', { 'content-type': 'application/json', ...headers, authorization: 'Bearer acme/k1', 'transfer-encoding': 'chunked' }),
  );
  for (let at = 0; at < json.length; at += 1_000) {
    const part = json.slice(at, at + 1_000);
    client.socket.write(`${part.length.toString(16)}\r\n${part}\r\n`);
  }
  client.socket.write('0\r\n\r\n');
  expect(await client.reads(/\r\n\r\n/)).toMatch(/^HTTP\/1.1 200 /);
});

test('a client that does not read its answers holds no place', async () => {
  const { call, url } = await serveTenants({ maxRunning: 4 });
  // More than the buffers of a socket hold.
  const text = 'x'.repeat(900_000);
  const { body, headers } = callOf('probe_echo_text', { text });
  const json = JSON.stringify(body);
  const request = `${head('/mcp', { 'content-type': 'application/json', ...headers, authorization: 'Bearer acme/k1', 'content-length': json.length })}${json}`;
  const clients = await Promise.all(Array.from({ length: 8 }, () => rawClient(url)));
  for (const { socket } of clients) {
    socket.pause();
    socket.write(request);
  }
  // Its key may run one request at a time.
  await expect.poll(async () => (await call('acme/k1')).status).toBe(200);
  expect((await call('other/k1')).status).toBe(200);
});

test('a key that is revoked while a body arrives is refused when the body is there, and other keys are checked once', async () => {
  const revoked = new Set<string>();
  const checked: string[] = [];
  const { url } = await serve(
    {},
    {
      authenticate: async ({ token = '' }) => {
        checked.push(token);
        if (revoked.has(token)) throw new ToolError('UNAUTHENTICATED', 'This key was revoked.');
        return { tenant: 'acme', id: token, roles: [] };
      },
    },
  );
  const json = JSON.stringify(echo.body);
  const headers = { 'content-type': 'application/json', ...echo.headers, 'content-length': json.length };
  const slow = await rawClient(url);
  slow.socket.write(head('/mcp', { ...headers, authorization: 'Bearer stolen' }) + json.slice(0, 5));
  await expect.poll(() => checked).toEqual(['stolen']);
  revoked.add('stolen');
  slow.socket.write(json.slice(5));
  expect(await slow.reads(/was revoked/)).toMatch(/^HTTP\/1.1 401 /);
  const whole = await rawClient(url);
  whole.socket.write(head('/mcp', { ...headers, authorization: 'Bearer own' }) + json);
  expect(await whole.reads(/\r\n/)).toMatch(/^HTTP\/1.1 200 /);
  expect(checked).toEqual(['stolen', 'stolen', 'own']);
});

test('a host without authentication has one caller, who may use everything', async () => {
  const { url, events } = await serve({ maxRunning: 2 });
  let starting = 2;
  const started = new Promise<void>((resolve) => events.on('started', () => (starting -= 1) === 0 && resolve()));
  const running = [post(url, wait), post(url, wait)];
  await started;
  expect((await post(url, echo)).status).toBe(503);
  events.emit('finish');
  expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
});

test('large bodies are answered like small ones, by both lanes', async () => {
  const { call } = await serveTenants();
  const text = 'long '.repeat(20_000);
  for (const message of [callOf('probe_echo_text', { text }), callOf('probe_echo_text', { text }, { unusual: true })]) {
    const { status, json } = await call('acme/k1', message);
    expect([status, json().result['structuredContent']]).toEqual([200, { text }]);
  }
});
