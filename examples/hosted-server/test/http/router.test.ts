import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { memoryRateLimit, silentLogger, ToolError, type Authenticate } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { auth } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, test } from 'vitest';
import { oauthProvider } from '../../../../packages/core/test/mcp/oauth-provider.ts';
import { createRouter, type RouterOptions } from '../../src/http/router.ts';

let close = async () => {};
afterEach(() => close());

const principal = { tenant: 'acme', id: 'key_1', roles: [] };
const authenticate: Authenticate = async ({ token }) => {
  if (token === 'bb_away') throw new ToolError('UNAVAILABLE', 'This server cannot check API keys at the moment.');
  if (token !== 'bb_good') throw new ToolError('UNAUTHENTICATED', 'Send an API key.');
  return principal;
};

/** Serves the pages and returns a function that requests them. */
async function served(change: Partial<RouterOptions> = {}) {
  const routes = createRouter({
    health: {
      readiness: async () => ({ status: 'ready', database: 'ok' }),
      details: async () => ({
        status: 'ready',
        database: 'ok',
        version: '1',
        uptimeSeconds: 1,
        redis: 'none',
        ledger: { database: 'pglite', settles: 'durable' },
        connectors: [],
      }),
      drain: () => {},
    },
    authenticate,
    authenticateAdmin: authenticate,
    limitPerAddress: memoryRateLimit([{ limit: 5, windowMs: 60_000 }], { clock: manualClock() }),
    log: silentLogger,
    metricsFor: 'this machine',
    trustProxy: false,
    adminApi: () => new Response('the admin API'),
    metrics: async () => 'mcp_requests_total 1\n',
    ...change,
  });
  const server = createServer(routes).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const { port } = server.address() as AddressInfo;
  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const [response] = await once(request({ port, host: '127.0.0.1', path, method, headers }).end(), 'response');
    return { status: response.statusCode as number, headers: response.headers as Record<string, string>, body: await text(response) };
  };
  return Object.assign(get, { url: new URL(`http://127.0.0.1:${port}`) });
}

const key = { authorization: 'Bearer bb_good' };

describe('createRouter', () => {
  test('answers 200 when the server is ready, and 503 when it is not', async () => {
    const get = await served({
      health: {
        readiness: async () => ({ status: 'draining', database: 'ok' }),
        details: () => Promise.reject(new Error('not used')),
        drain: () => {},
      },
    });
    expect(await get('/health')).toMatchObject({ status: 503, body: '{"status":"draining","database":"ok"}\n' });
    expect(await get('/health/ready?probe=1')).toMatchObject({ status: 503 });
    expect(await get('/health/live')).toMatchObject({ status: 200 });
  });

  test('shows the detailed page only with a valid key', async () => {
    const get = await served();
    expect(await get('/health/detailed')).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(await get('/health/detailed', { authorization: 'Bearer bb_bad' })).toMatchObject({ status: 401 });
    expect(await get('/health/detailed', key)).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
  });

  test('asks for what concerns all tenants only for an operator', async () => {
    const readers: unknown[] = [];
    const details = (reader: unknown) => {
      readers.push(reader);
      return Promise.reject(new ToolError('UNAVAILABLE', 'not needed'));
    };
    const health = { readiness: async () => ({ status: 'ready', database: 'ok' }) as const, details, drain: () => {} };
    for (const roles of [[], ['owner'], ['owner', 'operator']]) {
      const get = await served({ health, authenticate: async () => ({ ...principal, roles }) });
      await get('/health/detailed', key);
      await close();
    }
    close = async () => {};
    expect(readers).toEqual([{ isOperator: false }, { isOperator: false }, { isOperator: true }]);
  });

  test('shows the metrics to this machine', async () => {
    const get = await served();
    expect(await get('/metrics')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      body: 'mcp_requests_total 1\n',
    });
  });

  test.each([
    ['through a proxy on this machine', { 'x-forwarded-for': '203.0.113.7' }],
    ['through a proxy that sends Forwarded', { forwarded: 'for=203.0.113.7' }],
    ['through a proxy that sends Via', { via: '1.1 proxy' }],
    ['through a proxy that sends X-Real-IP', { 'x-real-ip': '203.0.113.7' }],
    ['through a proxy that sends X-Forwarded-Host', { 'x-forwarded-host': 'mcp.example.com' }],
    ['through a proxy that sends X-Forwarded-Proto', { 'x-forwarded-proto': 'https' }],
    ['through Cloudflare', { 'cf-connecting-ip': '203.0.113.7' }],
    ['through Akamai', { 'true-client-ip': '203.0.113.7' }],
    ['of a web page that DNS rebinding directed to the server', { host: 'evil.example:3000' }],
  ])('shows the metrics to a request %s only with a key', async (_, headers) => {
    const get = await served();
    expect(await get('/metrics', headers)).toMatchObject({ status: 401 });
    expect(await get('/metrics', { ...headers, ...key })).toMatchObject({ status: 200 });
  });

  test('shows the metrics to anyone if the operator allows it', async () => {
    const get = await served({ metricsFor: 'anyone' });
    expect(await get('/metrics', { 'x-forwarded-for': '203.0.113.7' })).toMatchObject({ status: 200 });
  });

  test('shows the metrics only with a key in production, because a proxy on this machine may add no header', async () => {
    const get = await served({ metricsFor: 'keys' });
    expect(await get('/metrics')).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer' } });
    expect(await get('/metrics', key)).toMatchObject({ status: 200 });
  });

  test.each(['anyone', 'this machine', 'keys'] as const)(
    'counts requests for the metrics by address if they are for %s',
    async (metricsFor) => {
      const get = await served({ metricsFor });
      for (let scrape = 0; scrape < 5; scrape++) expect(await get('/metrics', key)).toMatchObject({ status: 200 });
      expect(await get('/metrics', key)).toMatchObject({ status: 429 });
    },
  );

  test('lets an address try five keys a minute if that is the limit', async () => {
    const get = await served();
    for (let attempt = 0; attempt < 5; attempt++) expect(await get('/health/detailed')).toMatchObject({ status: 401 });
    expect(await get('/health/detailed', key)).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
  });

  test('counts addresses as a trusted proxy names them', async () => {
    const get = await served({ trustProxy: true });
    for (let attempt = 0; attempt < 5; attempt++)
      expect(await get('/health/detailed', { 'x-forwarded-for': `198.51.100.${attempt}, 203.0.113.7` })).toMatchObject({ status: 401 });
    expect(await get('/health/detailed', { ...key, 'x-forwarded-for': '203.0.113.7' })).toMatchObject({ status: 429 });
    expect(await get('/health/detailed', { ...key, 'x-forwarded-for': '203.0.113.8' })).toMatchObject({ status: 200 });
  });

  test.each([
    ['ports', (i: number) => `203.0.113.10:${50_000 + i}`],
    ['brackets and ports', (i: number) => `[2001:db8::1]:${50_000 + i}`],
    ['addresses of its network', (i: number) => `2001:db8::${i}`],
    ['text that is no address', (i: number) => `client-${i}`],
  ])('a client behind a trusted proxy cannot try more keys with other %s', async (_what, addressOf) => {
    const get = await served({ trustProxy: true });
    for (let i = 0; i < 5; i++) expect(await get('/health/detailed', { 'x-forwarded-for': addressOf(i) })).toMatchObject({ status: 401 });
    expect(await get('/health/detailed', { ...key, 'x-forwarded-for': addressOf(5) })).toMatchObject({ status: 429 });
  });

  test.each([
    ['without a key', {}, 401, 'Send an API key.'],
    ['with a wrong key', { authorization: 'Bearer bb_bad' }, 401, 'Send an API key.'],
    ['with a key', key, 404, 'There is no sign-in here. Send your API key to /mcp: the header "Authorization: Bearer bb_…".'],
  ])('a client that looks for a sign-in %s reads about its key', async (_what, headers, status, detail) => {
    const get = await served({ limitPerAddress: memoryRateLimit([{ limit: 9, windowMs: 60_000 }], { clock: manualClock() }) });
    const paths = ['oauth-protected-resource', 'oauth-protected-resource/mcp', 'oauth-authorization-server', 'openid-configuration'];
    for (const path of [...paths.map((name) => `/.well-known/${name}`), '/register']) {
      const answer = await get(path, headers, path === '/register' ? 'POST' : 'GET');
      expect([answer.status, JSON.parse(answer.body)]).toEqual([status, expect.objectContaining({ status, detail })]);
    }
  });

  test('a client that tries to sign in shows its user that a key is needed', async () => {
    const get = await served({ limitPerAddress: memoryRateLimit([{ limit: 9, windowMs: 60_000 }], { clock: manualClock() }) });
    await expect(auth(oauthProvider, { serverUrl: new URL('/mcp', get.url) })).rejects.toThrow('Send an API key.');
  });

  test('no error is one of OAuth', async () => {
    const get = await served();
    for (const [path, method] of [
      ['/', 'GET'],
      ['/token', 'POST'],
      ['/health/detailed', 'GET'],
      ['/health', 'POST'],
    ] as const) {
      const { status, headers, body } = await get(path, {}, method);
      expect(status).toBeGreaterThan(400);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(JSON.parse(body)).toEqual({ status, title: expect.any(String), detail: expect.any(String) });
    }
  });

  test('leaves paths under /admin/ to the admin API, for callers with a key', async () => {
    const get = await served();
    expect(await get('/admin/v1/keys', key, 'POST')).toMatchObject({ status: 200, body: 'the admin API' });
    expect(await get('/admin')).toMatchObject({ status: 404 });
  });

  test('answers 503 when keys cannot be checked', async () => {
    const get = await served();
    expect(await get('/health/detailed', { authorization: 'Bearer bb_away' })).toMatchObject({ status: 503 });
  });

  test('answers 500 without the reason when a page fails, and logs the reason', async () => {
    const logged: object[] = [];
    const log = { ...silentLogger, error: (fields: object) => void logged.push(fields) };
    const get = await served({ log, metrics: () => Promise.reject(new Error('hush')) });
    const { status, body } = await get('/metrics');
    expect(status).toBe(500);
    expect(body).not.toContain('hush');
    expect(logged).toMatchObject([{ err: { message: 'hush' } }]);
  });

  test('is read-only, serves no other path, and answers HEAD without a body', async () => {
    const get = await served();
    expect(await get('/health', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(await get('/health', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect(await get('/health', {}, 'TRACE')).toMatchObject({ status: 405 });
    for (const path of ['/', '/constructor', '/__proto__', '/health/', '/..%2fmetrics'])
      expect(await get(path)).toMatchObject({ status: 404 });
  });

  test('neither decodes nor normalizes a path, so that a proxy’s rules for paths hold', async () => {
    const get = await served();
    for (const path of ['/%68ealth', '/x/../health', '/./metrics', '//health', '/%61dmin/v1/keys', '/./admin/v1/keys'])
      expect(await get(path)).toMatchObject({ status: 404 });
  });
});
