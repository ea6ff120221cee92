import { expect, onTestFinished, test } from 'vitest';
import { createHost, ToolError, type ErrorCode, type Hook } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { probe, secrets } from './probe.ts';
import { recordingLog } from './recording-log.ts';
import { callOf, post } from './raw.ts';
import { head, rawClient } from './room/sockets.ts';
import { listen, serve } from './serve.ts';

/** Serves a host that handles deliveries with the given function. */
async function serveHook(
  receive: Hook['receive'],
  challenge: Hook['challenge'] = () => Promise.reject(new ToolError('NOT_FOUND', 'None.')),
) {
  const { log, lines } = recordingLog();
  const host = createHost({ connectors: [probe().connector], log });
  const asked: string[] = [];
  const hook = async (id: string) => {
    asked.push(id);
    return id === 'h00k' ? { tenant: 'acme', connection: 'c1', receive, challenge } : undefined;
  };
  const listener = await httpTransport({ port: 0 }).listen({ ...host, hook });
  onTestFinished(async () => {
    await listener.close();
    await host.close();
  });
  const deliver = (body: RequestInit['body'] = 'event', path = '/hooks/h00k', init: RequestInit = {}) =>
    fetch(new URL(path, listener.url), { method: 'POST', body: body ?? null, ...init });
  return { deliver, lines, asked, url: new URL(listener.url) };
}

test('passes the raw bytes and the headers to the host, and answers only after they are stored', async () => {
  const order: string[] = [];
  const bytes = new Uint8Array([0, 255, 13, 10]);
  const { deliver } = await serveHook(async (headers, body) => {
    expect([headers.get('x-signature'), [...body]]).toEqual(['abc', [...bytes]]);
    await new Promise((resolve) => setImmediate(resolve));
    order.push('stored');
    return undefined;
  });
  const response = await deliver(bytes, '/hooks/h00k?x=1', { headers: { 'x-signature': 'abc' } });
  order.push('answered');
  expect([response.status, await response.text()]).toEqual([204, '']);
  expect(order).toEqual(['stored', 'answered']);
});

test.each<[ErrorCode, number]>([
  ['NOT_FOUND', 404],
  ['FORBIDDEN', 403],
  ['INVALID_INPUT', 400],
  ['STATE_FULL', 503],
  ['UNAVAILABLE', 503],
  ['INTERNAL', 500],
])('answers %s with %i and no details', async (code, status) => {
  const { deliver } = await serveHook(() => Promise.reject(new ToolError(code, secrets.join())));
  const response = await deliver();
  expect([response.status, await response.text()]).toEqual([status, '']);
  expect(response.headers.get('retry-after')).toBe(status === 503 ? '30' : null);
});

test('a delivery to a hook that no connection has leaves no line in the log', async () => {
  const { deliver, lines } = await serveHook(async () => undefined);
  expect((await deliver('event', '/hooks/other')).status).toBe(404);
  expect(lines).toEqual([]);
});

test('masks and logs any other error', async () => {
  const thrown = new Error(secrets.join());
  const { deliver, lines } = await serveHook(() => Promise.reject(thrown));
  const response = await deliver();
  expect([response.status, await response.text()]).toEqual([500, '']);
  expect(lines).toContainEqual({ level: 'error', message: 'webhook failed', fields: { errorId: expect.any(String), err: thrown } });
});

test('accepts only deliveries of a bounded size, by POST, at well-formed ids', async () => {
  let accepted = 0;
  const { deliver } = await serveHook(async () => {
    accepted += 1;
    return undefined;
  });
  expect((await deliver('x'.repeat(2 ** 20 + 1))).status).toBe(413);
  expect((await deliver(undefined, '/hooks/h00k', { method: 'PUT' })).status).toBe(404);
  for (const path of ['/hooks/', '/hooks/a/b', '/hooks/a%2Fb', `/hooks/${'a'.repeat(129)}`])
    expect((await deliver('event', path)).status).toBe(404);
  expect(accepted).toBe(0);
});

test('answers a challenge with its text, which no browser takes for a page', async () => {
  const { deliver } = await serveHook(
    async () => '<b>3eZbrw1aBm2rZgRN</b>',
    async (query) => query.get('hub.challenge') ?? '',
  );
  for (const [response, text] of [
    [await deliver(), '<b>3eZbrw1aBm2rZgRN</b>'],
    [await deliver(null, '/hooks/h00k?hub.challenge=1158%3F201444', { method: 'GET' }), '1158?201444'],
    [await deliver(null, '/hooks/h00k?hub.mode=subscribe&hub.challenge=1158?201444', { method: 'GET' }), '1158?201444'],
  ] as const) {
    expect([response.status, await response.text()]).toEqual([200, text]);
    expect([response.headers.get('content-type'), response.headers.get('x-content-type-options')]).toEqual(['text/plain', 'nosniff']);
  }
});

test('answers a GET of a webhook that makes no check with 404, and of a wrong token with 403', async () => {
  const { deliver } = await serveHook(async () => undefined);
  expect((await deliver(null, '/hooks/h00k?hub.challenge=1', { method: 'GET' })).status).toBe(404);
  const { deliver: guess } = await serveHook(
    async () => undefined,
    () => Promise.reject(new ToolError('FORBIDDEN', secrets.join())),
  );
  const response = await guess(null, '/hooks/h00k?hub.challenge=1', { method: 'GET' });
  expect([response.status, await response.text()]).toEqual([403, '']);
});

test('looks the hook up before it reads the body, and closes the connection of a delivery to none', async () => {
  const { url, asked } = await serveHook(async () => undefined);
  const client = await rawClient(url);
  client.socket.write(`${head('/hooks/unknown', { 'content-length': 1_000_000 })}the body never ends`);
  const answer = await client.reads(/\r\n\r\n/);
  expect(answer).toMatch(/^HTTP\/1.1 404 /);
  expect(answer.toLowerCase()).toContain('connection: close');
  await client.closed;
  expect(asked).toEqual(['unknown']);
});

test('deliveries have places of their own: those that do not end stop neither calls nor other connections’ deliveries', async () => {
  const { log } = recordingLog();
  const host = createHost({ connectors: [probe().connector], log });
  const hook = async (id: string) => ({ tenant: id, connection: id, receive: async () => undefined, challenge: async () => '' });
  const { url } = await listen(httpTransport({ port: 0, maxRunning: 1 }), { ...host, hook });
  const unfinished = await Promise.all(Array.from({ length: 120 }, () => rawClient(new URL(url))));
  for (const { socket } of unfinished) socket.write(`${head('/hooks/acme', { 'content-length': 100 })}{`);
  // A connection has a quarter of the 400 places.
  await expect.poll(() => unfinished.filter(({ text }) => text.startsWith('HTTP/1.1 429 ')).length).toBe(20);
  expect((await fetch(new URL('/hooks/other', url), { method: 'POST', body: '{}' })).status).toBe(204);
  expect((await post(new URL(url), callOf('probe_echo_text', { text: 'a' }))).status).toBe(200);
});

test('answers 404 for a hook that no connection has', async () => {
  const { url } = await serve();
  expect((await fetch(new URL('/hooks/unknown', url), { method: 'POST', body: 'event' })).status).toBe(404);
});
