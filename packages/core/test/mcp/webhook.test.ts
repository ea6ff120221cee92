import { expect, onTestFinished, test } from 'vitest';
import { createHost, ToolError, type ErrorCode, type Host } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { probe, secrets } from './probe.ts';
import { recordingLog } from './recording-log.ts';
import { serve } from './serve.ts';

/** Serves a host that handles deliveries with the given function. */
async function serveHook(webhook: Host['webhook']) {
  const { log, lines } = recordingLog();
  const host = createHost({ connectors: [probe().connector], log });
  const listener = await httpTransport({ port: 0, maxBodyBytes: 100 }).listen({ ...host, webhook });
  onTestFinished(async () => {
    await listener.close();
    await host.close();
  });
  const deliver = (body: RequestInit['body'] = 'event', path = '/hooks/h00k', init: RequestInit = {}) =>
    fetch(new URL(path, listener.url), { method: 'POST', body: body ?? null, ...init });
  return { deliver, lines };
}

test('passes the raw bytes and the headers to the host, and answers only after they are stored', async () => {
  const order: string[] = [];
  const bytes = new Uint8Array([0, 255, 13, 10]);
  const { deliver } = await serveHook(async (hook, headers, body) => {
    expect([hook, headers.get('x-signature'), [...body]]).toEqual(['h00k', 'abc', [...bytes]]);
    await new Promise((resolve) => setImmediate(resolve));
    order.push('stored');
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

test('masks and logs any other error', async () => {
  const thrown = new Error(secrets.join());
  const { deliver, lines } = await serveHook(() => Promise.reject(thrown));
  const response = await deliver();
  expect([response.status, await response.text()]).toEqual([500, '']);
  expect(lines).toContainEqual({ level: 'error', message: 'webhook failed', fields: { errorId: expect.any(String), err: thrown } });
});

test('accepts only deliveries of a bounded size, by POST, at well-formed ids', async () => {
  let accepted = 0;
  const { deliver } = await serveHook(async () => void (accepted += 1));
  expect((await deliver('x'.repeat(101))).status).toBe(413);
  expect((await deliver(undefined, '/hooks/h00k', { method: 'PUT' })).status).toBe(404);
  for (const path of ['/hooks/', '/hooks/a/b', '/hooks/a%2Fb', `/hooks/${'a'.repeat(129)}`])
    expect((await deliver('event', path)).status).toBe(404);
  expect(accepted).toBe(0);
});

test('answers 404 for a hook that no connection has', async () => {
  const { url } = await serve();
  expect((await fetch(new URL('/hooks/unknown', url), { method: 'POST', body: 'event' })).status).toBe(404);
});
