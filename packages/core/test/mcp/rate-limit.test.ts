import { expect, test } from 'vitest';
import { localPrincipal, ToolError, type Authenticate, type RateLimit, type RefusalEvent } from '../../src/index.ts';
import { modernClient, oldClient } from './clients.ts';
import { callOf, messageOf, post } from './raw.ts';
import { rawClient } from './room/sockets.ts';
import { serve } from './serve.ts';

/** A limit that allows that many requests for each key and never resets. */
function allowing(limit: number): RateLimit & { readonly keys: string[] } {
  const keys: string[] = [];
  const rule = { limit, windowMs: 60_000 };
  return {
    keys,
    async take(key) {
      keys.push(key);
      const count = keys.filter((earlier) => earlier === key).length;
      return { allowed: count <= limit, rule, remaining: Math.max(0, limit - count), resetMs: 11_400 };
    },
  };
}

const echo = callOf('probe_echo_text', { text: 'a' });

test('every answer shows how many requests remain', async () => {
  const { url, host } = await serve({}, { rateLimit: allowing(100) });
  const { status, headers } = await post(url, echo);
  expect(status).toBe(200);
  expect(headers.get('ratelimit-policy')).toBe('"default";q=100;w=60');
  expect(headers.get('ratelimit')).toBe('"default";r=99;t=12');
  expect(headers.get('x-ratelimit-limit')).toBe('100');
  expect(headers.get('x-ratelimit-remaining')).toBe('99');
  const reset = Number(headers.get('x-ratelimit-reset')) * 1_000 - host.clock.now();
  expect(reset).toBeGreaterThan(0);
  expect(reset).toBeLessThanOrEqual(13_000);
});

test.each([
  ['a list', messageOf('tools/list'), 200],
  ['a request for the SDK', messageOf('prompts/list'), 404],
  ['a call of an unknown tool', callOf('probe_no_such'), 200],
  ['a body that is not JSON', 'no JSON', 400],
  ['a body that is too large', callOf('probe_echo_text', { text: 'x'.repeat(5 * 1024 * 1024) }), 413],
])('the answer to %s shows it too', async (_what, message, status) => {
  const { url } = await serve({}, { rateLimit: allowing(100) });
  const answer = await post(url, message);
  expect([answer.status, answer.headers.get('ratelimit'), answer.headers.get('x-ratelimit-remaining')]).toEqual([
    status,
    '"default";r=99;t=12',
    '99',
  ]);
});

test('refuses requests beyond the limit, and says how long to wait', async () => {
  const refused: RefusalEvent['reason'][] = [];
  const { url } = await serve({}, { rateLimit: allowing(0), observer: { refused: ({ reason }) => void refused.push(reason) } });
  const answer = await post(url, messageOf('tools/list'));
  expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('ratelimit')]).toEqual([429, '12', '"default";r=0;t=12']);
  expect(answer.json()).toEqual({ jsonrpc: '2.0', id: 7, error: { code: 429, message, data: { code: 'RATE_LIMITED' } } });
  expect(refused).toEqual(['rate-limit']);
});

const message = 'Rate limit of 0 requests per minute reached. Wait 12 s, then call again.';
const result = {
  content: [{ type: 'text', text: `RATE_LIMITED: ${message}` }],
  isError: true,
  _meta: { 'busbar/error': { code: 'RATE_LIMITED', retryAfterMs: 11_400 } },
};

test('answers a call beyond the limit with a tool’s result under its own id, because a model reads that', async () => {
  const refused: RefusalEvent['reason'][] = [];
  const { url } = await serve({}, { rateLimit: allowing(0), observer: { refused: ({ reason }) => void refused.push(reason) } });
  const older = JSON.stringify({ ...echo.body, params: { name: 'probe_echo_text', arguments: { text: 'a' } }, id: 'own' });
  const [modern, legacy] = [await post(url, echo), await post(url, older)];
  for (const { status, headers } of [modern, legacy]) {
    expect([status, headers.get('retry-after'), headers.get('ratelimit')]).toEqual([200, '12', '"default";r=0;t=12']);
    expect(headers.get('content-type')).toBe('application/json');
  }
  expect(modern.json()).toEqual({ jsonrpc: '2.0', id: 7, result: { ...result, resultType: 'complete' } });
  expect(legacy.json()).toEqual({ jsonrpc: '2.0', id: 'own', result });
  const stream = await post(url, older, { headers: { accept: 'text/event-stream' } });
  expect([stream.headers.get('content-type'), stream.text]).toEqual(['text/event-stream', `event: message\ndata: ${legacy.text}\n\n`]);
  expect(refused).toEqual(['rate-limit', 'rate-limit', 'rate-limit']);
});

test.each([
  ['a large call', callOf('probe_echo_text', { text: 'x'.repeat(5_000) })],
  ['a body that is not JSON', 'no JSON'],
  ['a call without an id', JSON.stringify({ ...echo.body, id: undefined })],
  ['a call with an id that JSON does not keep', JSON.stringify(echo.body).replace(/"id":\d+/, '"id":9007199254740993')],
  ['a call with an id of a wrong type', JSON.stringify({ ...echo.body, id: {} })],
  ['a notification', JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })],
  ['a batch', JSON.stringify([echo.body])],
])('refuses %s beyond the limit with 429 and without an id', async (_what, body) => {
  const { url } = await serve({}, { rateLimit: allowing(0) });
  const answer = await post(url, body);
  expect([answer.status, answer.json()]).toEqual([429, { jsonrpc: '2.0', id: null, error: expect.objectContaining({ message }) }]);
});

test('reads nothing of a large body beyond the limit', async () => {
  const { url } = await serve({}, { rateLimit: allowing(0) });
  const client = await rawClient(url);
  client.socket.write('POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{');
  expect(await client.reads(/Wait 12 s/)).toMatch(/^HTTP\/1.1 429/);
});

test.each([
  ['2.x', modernClient],
  ['1.x', oldClient],
])('client %s reads how long to wait, as the result of its call', async (_version, connect) => {
  // The requests that connect the client count too.
  const rateLimit = allowing(6);
  const client = await connect((await serve({}, { rateLimit })).url);
  const texts: unknown[] = [];
  for (let call = 0; call < 7; call += 1) {
    const { isError, content } = await client.callTool({ name: 'probe_echo_text', arguments: { text: 'a' } });
    if (isError) texts.push(content);
  }
  expect(texts.at(-1)).toEqual([
    { type: 'text', text: 'RATE_LIMITED: Rate limit of 6 requests per minute reached. Wait 12 s, then call again.' },
  ]);
});

test('lists and invalid requests count as well, for each principal', async () => {
  const byName: Authenticate = async ({ token = '' }) => ({ ...localPrincipal, id: token });
  const { url } = await serve({}, { rateLimit: allowing(2), authenticate: byName });
  const ada = { headers: { authorization: 'Bearer ada' } };
  expect((await post(url, 'no JSON', ada)).status).toBe(400);
  expect((await post(url, callOf('probe_no_such'), ada)).status).toBe(200);
  expect((await post(url, echo, ada)).text).toContain('RATE_LIMITED');
  expect((await post(url, echo, { headers: { authorization: 'Bearer bob' } })).status).toBe(200);
});

test('limits the requests of an address before they are authenticated', async () => {
  let authenticated = 0;
  const authenticate: Authenticate = async () => {
    authenticated += 1;
    return localPrincipal;
  };
  const limitPerAddress = allowing(1);
  const { url } = await serve({ limitPerAddress }, { authenticate });
  expect((await post(url, echo)).status).toBe(200);
  const refused = await post(url, echo);
  expect(refused.status).toBe(429);
  // The limits of a key and of an address may differ, and callers behind a proxy share the address.
  expect(refused.text).toContain('Rate limit of 1 requests per minute from your network address reached. Wait 12 s, then call again.');
  expect((await fetch(new URL('/hooks/any', url), { method: 'POST' })).status).toBe(429);
  expect((await fetch(url, { method: 'OPTIONS', headers: { origin: 'http://localhost' } })).status).toBe(429);
  expect(authenticated).toBe(1);
  expect(limitPerAddress.keys).toEqual(Array(4).fill('127.0.0.1'));
});

test('takes the address from a proxy only with trustProxy', async () => {
  const forwarded = { headers: { 'x-forwarded-for': '198.51.100.7, 203.0.113.9' } };
  const [direct, behind] = [allowing(9), allowing(9)];
  await post((await serve({ limitPerAddress: direct })).url, echo, forwarded);
  await post((await serve({ limitPerAddress: behind, trustProxy: true })).url, echo, forwarded);
  expect([direct.keys, behind.keys]).toEqual([['127.0.0.1'], ['203.0.113.9']]);
});

const ports = Array.from({ length: 7 }, (_, i) => 50_001 + i);

test.each([
  ['one address', ports.map(() => '203.0.113.9')],
  ['one address with ports', ports.map((port) => `203.0.113.10:${port}`)],
  ['one address of IPv6 with ports', ports.map((port) => `[2001:db8::1]:${port}`)],
  ['one /64 of IPv6', ports.map((port) => `2001:db8:0:1::${port.toString(16)}`)],
  ['texts that are no addresses', ports.map((port) => `client-${port}`)],
])('a client behind a proxy cannot try more keys than its limit from %s', async (_what, addresses) => {
  const authenticate = () => Promise.reject(new ToolError('UNAUTHENTICATED', 'This key is unknown.'));
  const { url } = await serve({ limitPerAddress: allowing(5), trustProxy: true }, { authenticate });
  const statuses: number[] = [];
  for (const address of addresses) statuses.push((await post(url, echo, { headers: { 'x-forwarded-for': address } })).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
});

test('a client behind a proxy is counted as one, with any port and any address of its network', async () => {
  const limitPerAddress = allowing(1);
  const seen: (string | undefined)[] = [];
  const authenticate: Authenticate = async ({ address }) => {
    seen.push(address);
    return localPrincipal;
  };
  const { url } = await serve({ limitPerAddress, trustProxy: true }, { authenticate });
  const from = async (address: string) => (await post(url, echo, { headers: { 'x-forwarded-for': address } })).status;
  expect([await from('198.51.100.7:1000'), await from('198.51.100.7:1001'), await from('::ffff:198.51.100.7')]).toEqual([200, 429, 429]);
  expect([await from('2001:db8::1'), await from('[2001:db8::2]:80'), await from('2001:db8:0:1::1')]).toEqual([200, 429, 200]);
  expect([await from('one'), await from('another')]).toEqual([200, 429]);
  // The whole address is for the records.
  expect(seen).toEqual(['198.51.100.7:1000', '2001:db8::1', '2001:db8:0:1::1', 'one']);
});
