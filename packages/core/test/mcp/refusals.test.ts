import { once } from 'node:events';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { Client as ModernClient, SSEClientTransport as ModernSse } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as OldSse } from '@modelcontextprotocol/sdk/client/sse.js';
import { expect, onTestFinished, test } from 'vitest';
import { createHost, silentLogger, ToolError, type Authenticate, type ErrorCode, type RefusalEvent } from '../../src/index.ts';
import { httpTransport } from '../../src/mcp/http.ts';
import { modernClient, oldClient } from './clients.ts';
import { oauthProvider } from './oauth-provider.ts';
import { probe, secrets } from './probe.ts';
import { callOf, messageOf, post } from './raw.ts';
import { rawClient } from './room/sockets.ts';
import { serve } from './serve.ts';

const echo = callOf('probe_echo_text', { text: 'a' });

/** Starts a server and collects the reasons of its refusals. */
async function serveObserved(transport = {}, options = {}) {
  const refused: RefusalEvent['reason'][] = [];
  const served = await serve(transport, { observer: { refused: ({ reason }) => void refused.push(reason) }, ...options });
  return { ...served, refused };
}

/** Sends headers that `fetch` does not allow, and returns the status. */
function rawStatus(url: URL, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on('error', reject).end(JSON.stringify(echo.body));
  });
}

test('refuses a forged Host', async () => {
  const { url, refused } = await serveObserved();
  for (const host of ['evil.example.com', 'localhost.evil.example.com', '127.0.0.1.evil.example.com:80'])
    expect(await rawStatus(url, { ...echo.headers, host })).toBe(403);
  for (const host of ['evil@localhost', '[evil]']) expect(await rawStatus(url, { ...echo.headers, host })).toBe(400);
  for (const host of ['localhost', 'localhost:9', '127.0.0.1:80', '[::1]:80', '[::ffff:127.0.0.1]:80', 'LOCALHOST'])
    expect(await rawStatus(url, { ...echo.headers, host })).toBe(200);
  expect(refused).toEqual(Array(5).fill('host'));
});

test('refuses two headers of a name that must be there once, even if one of them is right', async () => {
  const { url } = await serve({ allowedHosts: ['a.example.com'], fallback: (_request, response) => void response.end('here') });
  const body = JSON.stringify(echo.body);
  const answerTo = async (path: string, lines: readonly string[]) => {
    const client = await rawClient(url);
    const headers = [
      'content-type: application/json',
      `content-length: ${body.length}`,
      ...Object.entries(echo.headers).map((each) => each.join(': ')),
    ];
    client.socket.write([`POST ${path} HTTP/1.1`, ...lines, ...headers, '', body].join('\r\n'));
    return (await client.reads(/\r\n/)).slice(9, 12);
  };
  const host = 'host: a.example.com';
  expect(await answerTo('/mcp', [host])).toBe('200');
  for (const path of ['/mcp', '/hooks/any', '/health']) {
    expect(await answerTo(path, [host, 'host: evil.example.com']), path).toBe('400');
    expect(await answerTo(path, ['Host: evil.example.com', host]), path).toBe('400');
    expect(await answerTo(path, [host, host]), path).toBe('400');
  }
  expect(await answerTo('/mcp', [host, 'content-type: text/plain'])).toBe('415');
  expect(await answerTo('/mcp', [host, 'origin: https://evil.example.com', 'origin: http://localhost'])).toBe('403');
});

test.each(['/mcp', '/hooks/any', '/elsewhere'])(
  'serves requests to %s with the headers of clients and proxies, and refuses 100 more',
  async (path) => {
    const { url } = await serve();
    const statusWith = async (headers: number) => {
      const client = await rawClient(url);
      const more = Array.from({ length: headers }, (_, index) => `x-${index}: a\r\n`).join('');
      client.socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${more}\r\n`);
      return (await client.reads(/\r\n/)).slice(9, 12);
    };
    expect(await statusWith(80)).toMatch(/40[45]/);
    expect(await statusWith(120)).toBe('431');
  },
);

test('refuses an id that JavaScript cannot keep exactly, and does not answer it with another id', async () => {
  const { url } = await serve();
  for (const id of ['12345678901234567890', '-9007199254740993', '1e400']) {
    const { status, text } = await post(url, JSON.stringify(echo.body).replace('"id":7', `"id":${id}`), { headers: echo.headers });
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { id: null, error: { message: expect.stringContaining('Send it as a string') } },
    ]);
  }
  const { text } = await post(url, JSON.stringify(echo.body).replace('"id":7', '"id":9007199254740991'), { headers: echo.headers });
  expect(JSON.parse(text)).toMatchObject({ id: 9007199254740991 });
});

test('refuses a compressed message, and says so', async () => {
  const { url } = await serve();
  const body = gzipSync(JSON.stringify(echo.body));
  const headers = { ...echo.headers, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const compressed = await fetch(url, { method: 'POST', body, headers: { ...headers, 'content-encoding': 'gzip' } });
  expect([compressed.status, compressed.headers.get('accept-encoding'), await compressed.text()]).toEqual([
    415,
    'identity',
    expect.stringContaining('without Content-Encoding'),
  ]);
  expect((await post(url, echo, { headers: { 'content-encoding': 'Identity' } })).status).toBe(200);
});

test('reads only UTF-8, and says so', async () => {
  const { url } = await serve();
  const utf16 = Buffer.from(JSON.stringify(echo.body), 'utf16le');
  const send = (contentType: string, body: string | Uint8Array<ArrayBuffer>) =>
    fetch(url, {
      method: 'POST',
      body,
      headers: { ...echo.headers, 'content-type': contentType, accept: 'application/json, text/event-stream' },
    });
  expect((await send('application/json; charset=utf-16', utf16)).status).toBe(415);
  for (const charset of ['utf-8', 'UTF-8', '"utf8"', 'us-ascii'])
    expect((await send(`application/json; charset=${charset}`, JSON.stringify(echo.body))).status, charset).toBe(200);
  const broken = Buffer.from(JSON.stringify(callOf('probe_echo_text', { text: '~' }).body));
  broken[broken.indexOf('~')] = 0xff;
  const answer = await send('application/json', broken);
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('the message is not UTF-8')]);
});

test.each([
  ['nested deeper than 64 levels', `${'['.repeat(65)}${']'.repeat(65)}`],
  ['more than 20000 values', `[${'1,'.repeat(20_000)}1]`],
  ['more than 1000 keys', JSON.stringify(Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`k${index}`, 1])))],
])('refuses a body with %s before it parses it', async (words, text) => {
  const { url, refused } = await serveObserved();
  const body = JSON.stringify(callOf('probe_echo_text', { text: 'TEXT' }).body).replace('"TEXT"', text);
  const { status, json } = await post(url, body, { headers: echo.headers });
  expect([status, json().error.message]).toEqual([413, expect.stringContaining(words)]);
  expect(refused).toEqual(['body']);
});

test('refuses a message with very many values besides its arguments, before the SDK describes each', async () => {
  const { url } = await serve();
  const initialize = (icons: unknown) =>
    JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'a', version: '1', icons } },
    });
  const { status, text } = await post(url, initialize(Array(19_000).fill(1)));
  expect([status, text.length < 1_000]).toEqual([413, true]);
  expect((await post(url, initialize([{ src: 'https://example.com/a.png' }]))).status).toBe(200);
  const many = Object.fromEntries(Array.from({ length: 900 }, (_, n) => [`k${n}`, 1]));
  expect((await post(url, callOf('probe_echo_text', { text: 'a', ...many }, { unusual: true }))).json().result['isError']).toBe(true);
});

test('refuses a message with much text besides its arguments, which the SDK would repeat', async () => {
  const { url } = await serve();
  const text = 'x'.repeat(100_000);
  const messages = [
    { id: 1, method: text },
    { id: 1, result: { text } },
  ];
  for (const message of messages) {
    const answer = await post(url, JSON.stringify({ jsonrpc: '2.0', ...message }));
    expect([answer.status, answer.text.length < 1_000]).toEqual([413, true]);
  }
  expect((await post(url, callOf('probe_echo_text', { text }, { unusual: true }))).json().result['isError']).toBeUndefined();
});

test.each([
  { protocolVersion: ['2025-06-18'], capabilities: {}, clientInfo: { name: 'a', version: '1' } },
  { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'a', version: '1', icons: [1] } },
  undefined,
])('refuses a malformed initialize as the mistake of its client: %j', async (params) => {
  const { url } = await serve();
  const { status, text } = await post(url, JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'initialize', params }));
  expect([status, JSON.parse(text)]).toMatchObject([
    400,
    { id: 7, error: { code: -32602, message: expect.stringContaining('clientInfo') } },
  ]);
});

test('logs a fault of the protocol in one short line, without what the client sent', async () => {
  const logged: object[] = [];
  const log = { ...silentLogger, info: (fields: object) => void logged.push(fields) };
  const { url } = await serve({}, { log });
  await post(url, JSON.stringify({ jsonrpc: '2.0', id: 1, result: { password: 'hush-hush-hush' } }));
  const written = JSON.stringify(logged, (_key, value: unknown) => (value instanceof Error ? value.stack : value));
  expect(written).toContain('fault');
  expect(written).not.toMatch(/hush/);
});

test('serves only the allowed hosts', async () => {
  const { url } = await serve({ allowedHosts: ['mcp.example.com'] });
  expect(await rawStatus(url, { ...echo.headers, host: 'mcp.example.com:443' })).toBe(200);
  expect(await rawStatus(url, { ...echo.headers, host: 'localhost' })).toBe(403);
});

test('refuses a foreign Origin, and lets pages of this machine read', async () => {
  const { url, refused } = await serveObserved();
  for (const origin of ['https://evil.example.com', 'null', 'http://localhost.evil.example.com', 'http://evil@localhost', 'localhost'])
    expect((await post(url, echo, { headers: { origin } })).status).toBe(403);
  expect(refused).toEqual(Array(5).fill('origin'));
  for (const origin of ['http://localhost:5173', 'http://[::1]:5173', 'http://[::ffff:7f00:1]:5173']) {
    const { status, headers } = await post(url, echo, { headers: { origin } });
    expect([status, headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([200, origin, 'Origin']);
  }
});

test('serves only the exact allowed origins', async () => {
  const { url } = await serve({ allowedOrigins: ['https://app.example.com'] });
  expect((await post(url, echo, { headers: { origin: 'https://app.example.com' } })).status).toBe(200);
  for (const origin of ['http://app.example.com', 'https://app.example.com:8443', 'http://localhost'])
    expect((await post(url, echo, { headers: { origin } })).status).toBe(403);
});

test('tells a browser which headers a page may send', async () => {
  const { url } = await serve();
  const requested = 'authorization, content-type, mcp-protocol-version, mcp-method, mcp-name, mcp-param-region, x-other';
  const headers = { origin: 'http://localhost', 'access-control-request-method': 'POST', 'access-control-request-headers': requested };
  const preflight = await fetch(url, { method: 'OPTIONS', headers });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
  expect(preflight.headers.get('access-control-allow-headers')).toBe(requested.replace(', x-other', ''));
  expect((await fetch(url, { method: 'OPTIONS', headers: { ...headers, origin: 'https://evil.example.com' } })).status).toBe(403);
});

test.each([
  ['broken JSON', '{"jsonrpc":', 400, -32700],
  ['an empty body', '', 400, -32700],
  ['a batch', JSON.stringify([echo.body, echo.body]), 400, -32600],
  ['a batch of an older client', '[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', 400, -32600],
  ['an empty batch', '[]', 400, -32600],
  ['a number', '7', 400, -32600],
  ['a message other than JSON-RPC', '{"hello":"world"}', 400, -32600],
])('refuses %s', async (_what, body, status, code) => {
  const { url } = await serve();
  const answer = await post(url, body);
  expect(answer.status).toBe(status);
  expect(answer.json()).toMatchObject({ jsonrpc: '2.0', id: null, error: { code } });
});

test.each(['GET', 'DELETE'])('looks at the key of a %s before it refuses the method', async (method) => {
  const { url } = await serve({}, { authenticate: oneKey });
  const ask = async (authorization: string) => await fetch(url, { method, headers: { authorization } });
  const unknown = await ask('Bearer wrong');
  expect([unknown.status, unknown.headers.get('www-authenticate'), await unknown.text()]).toEqual([
    401,
    'Bearer',
    expect.stringContaining('This key is unknown or revoked.'),
  ]);
  const refused = await ask('Bearer good');
  expect([refused.status, refused.headers.get('connection')]).toEqual([405, 'keep-alive']);
});

test('refuses content types other than JSON, and methods other than POST', async () => {
  const { url } = await serve();
  expect((await post(url, echo, { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  for (const method of ['GET', 'DELETE', 'PUT']) {
    const answer = await fetch(url, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  }
});

const large = 'x'.repeat(5 * 1024 * 1024);

test.each([
  ['with a content-length', async (url: URL) => await post(url, callOf('probe_echo_text', { text: large }))],
  [
    'without a content-length',
    async (url: URL) => {
      // `fetch` sends a stream without a content-length.
      const body = new Blob([JSON.stringify(callOf('probe_echo_text', { text: large }).body)]).stream();
      const response = await fetch(url, {
        method: 'POST',
        body,
        duplex: 'half',
        headers: { 'content-type': 'application/json', ...echo.headers },
      });
      return { status: response.status, text: await response.text() };
    },
  ],
])('refuses a body of 5 MB %s, and serves the next request', async (_how, send) => {
  const { url, refused } = await serveObserved();
  const answer = await send(url);
  expect(answer.status).toBe(413);
  expect(JSON.parse(answer.text)).toMatchObject({
    error: { code: 413, message: expect.stringContaining('1048576 bytes'), data: { code: 'INVALID_INPUT' } },
  });
  expect(refused).toEqual(['body']);
  expect((await post(url, echo)).status).toBe(200);
});

test.each([
  ['2.x', modernClient],
  ['1.x', oldClient],
])('client %s reports that it sent too much', async (_version, connect) => {
  const client = await connect((await serve()).url);
  await expect(client.callTool({ name: 'probe_echo_text', arguments: { text: large } })).rejects.toThrow('larger than 1048576 bytes');
  expect((await client.callTool({ name: 'probe_echo_text', arguments: { text: 'a' } })).structuredContent).toEqual({ text: 'a' });
});

test.each(['/mcp', '/hooks/any'])('a client that disconnects while it sends to %s is neither an error nor a refusal', async (path) => {
  const { url, lines, listener, refused } = await serveObserved();
  const sent = request(new URL(path, url), { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': 100 } });
  const gone = once(sent, 'error');
  sent.write('{');
  await once(sent, 'socket');
  while (sent.socket?.connecting) await once(sent.socket, 'connect');
  sent.destroy(new Error('gone'));
  await gone;
  expect((await post(url, echo)).status).toBe(200);
  await listener.close();
  expect([lines.filter(({ level }) => level === 'error'), refused]).toEqual([[], []]);
});

const oneKey: Authenticate = async ({ token }) => {
  if (token === 'good') return { tenant: 'acme', id: 'key-1', roles: [] };
  if (token === 'broken') throw new Error(secrets.join());
  throw new ToolError(
    'UNAUTHENTICATED',
    token ? 'This key is unknown or revoked. Ask for a new one.' : 'Send your key as Authorization: Bearer <key>.',
  );
};

test.each([
  [undefined, 'Send your key as Authorization: Bearer <key>.'],
  ['Bearer wrong', 'This key is unknown or revoked. Ask for a new one.'],
  ['Basic good', 'Send your key as Authorization: Bearer <key>.'],
])('refuses the credentials %s', async (authorization, message) => {
  const { url, refused } = await serveObserved({}, { authenticate: oneKey });
  const answer = await post(url, echo, { headers: authorization ? { authorization } : {} });
  expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  expect(answer.json().error).toEqual({ code: 401, message, data: { code: 'UNAUTHENTICATED' } });
  expect(refused).toEqual(['unauthenticated']);
});

test.each([
  ['2.x', modernClient],
  ['1.x', oldClient],
])('client %s reports why its key was refused', async (_version, connect) => {
  const { url } = await serve({}, { authenticate: oneKey });
  // Client 2.x has the server's message in `data.text`.
  const reported = await connect(url, { token: 'wrong' }).catch(
    (error: Error & { data?: unknown }) => `${error.message} ${JSON.stringify(error.data)}`,
  );
  expect(reported).toContain('This key is unknown or revoked. Ask for a new one.');
  expect((await (await connect(url, { token: 'good' })).listTools()).tools).not.toHaveLength(0);
});

const info = { name: 'test', version: '1.0.0' };

test.each([
  ['2.x', async (url: URL) => await modernClient(url, { oauth: oauthProvider })],
  ['1.x', async (url: URL) => await oldClient(url, { oauth: oauthProvider })],
  ['2.x over SSE', async (url: URL) => await new ModernClient(info).connect(new ModernSse(url, { authProvider: oauthProvider }))],
  ['1.x over SSE', async (url: URL) => await new OldClient(info).connect(new OldSse(url, { authProvider: oauthProvider }))],
])('client %s that tries to sign in reports that it needs a key', async (_version, connect) => {
  const { url } = await serve({}, { authenticate: oneKey });
  await expect(connect(url)).rejects.toThrow('There is no sign-in: send your key as Authorization: Bearer <key>.');
});

test.each<[ErrorCode, number, string | null]>([
  ['FORBIDDEN', 403, null],
  ['RATE_LIMITED', 429, '2'],
  ['UNAVAILABLE', 503, '2'],
])('passes on the error of an authentication that ends with %s', async (code, status, retryAfter) => {
  const authenticate = () => Promise.reject(new ToolError(code, 'Not now.', { retryAfterMs: 1_500 }));
  const answer = await post((await serve({}, { authenticate })).url, echo);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
  expect(answer.json().error).toEqual({ code: status, message: 'Not now.', data: { code } });
});

test('masks other errors of the authentication', async () => {
  const { url, lines } = await serve({}, { authenticate: oneKey });
  const answer = await post(url, echo, { headers: { authorization: 'Bearer broken' } });
  expect(answer.status).toBe(500);
  const { error } = answer.json();
  expect(error).toMatchObject({ code: -32603, data: { code: 'INTERNAL' } });
  for (const secret of secrets) expect(answer.text).not.toContain(secret);
  const id = /[\da-f-]{36}/.exec(error.message)?.[0];
  expect(lines).toContainEqual({ level: 'error', message: 'request failed', fields: { errorId: id, err: expect.any(Error) } });
});

test('masks the error with which a host’s call rejects, including its code and data', async () => {
  const { connector } = probe();
  const host = createHost({ connectors: [connector] });
  const thrown = Object.assign(new Error(secrets.join()), { code: -32999, data: secrets });
  const listener = await httpTransport({ port: 0 }).listen({ ...host, call: () => Promise.reject(thrown) });
  onTestFinished(() => listener.close());
  const answer = await post(new URL(listener.url), echo);
  expect(answer.json().error).toEqual({ code: -32603, message: expect.stringMatching(/^The server failed\..*[\da-f-]{36}\.$/) });
  for (const secret of secrets) expect(answer.text).not.toContain(secret);
});

test.each(['0.0.0.0', '::', '192.168.1.20', '::ffff:192.168.1.20', 'mcp.example.com'])(
  'does not bind %s without authentication',
  async (hostname) => {
    const host = createHost({ connectors: [probe().connector] });
    await expect(httpTransport({ port: 0, hostname }).listen(host)).rejects.toThrow(/does not authenticate.*authenticate/s);
  },
);

test('binds any address with authentication, and then serves every Host and no Origin', async () => {
  const { listener } = await serve({ hostname: '0.0.0.0' }, { authenticate: oneKey });
  const url = new URL(listener.url.replace('0.0.0.0', '127.0.0.1'));
  const headers = { ...echo.headers, authorization: 'Bearer good' };
  expect(await rawStatus(url, { ...headers, host: 'anything.example.com' })).toBe(200);
  expect(await rawStatus(url, { ...headers, origin: 'http://localhost' })).toBe(403);
});

test('rejects if its port is taken', async () => {
  const { url, host } = await serve();
  await expect(httpTransport({ port: Number(url.port) }).listen(host)).rejects.toThrow('EADDRINUSE');
});

test('leaves other paths to the fallback, unchecked', async () => {
  const { url } = await serve({ fallback: (request, response) => void response.end(`at ${request.url}`) });
  expect(await (await fetch(new URL('/health?x=1', url))).text()).toBe('at /health?x=1');
  expect((await fetch(new URL('/health', (await serve()).url))).status).toBe(404);
});

test('answers an unknown method and a discovery as the revision requires', async () => {
  const { url } = await serve({}, { info: { name: 'acme', version: '1.2.3', instructions: 'Ask for little.' } });
  const unknown = await post(url, messageOf('prompts/list'));
  expect([unknown.status, unknown.json().error.code]).toEqual([404, -32601]);
  expect((await post(url, messageOf('server/discover'))).json().result).toMatchObject({
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    cacheScope: 'private',
    instructions: expect.stringMatching(/^Tools for probe\..*\n\nAsk for little\.$/s),
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'acme', version: '1.2.3' } },
  });
});
