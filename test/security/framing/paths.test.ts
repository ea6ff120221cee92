import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchange, rawRequest } from '../raw-request.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

const stack = new AsyncDisposableStack();
let server: TwoTenants;
beforeAll(async () => {
  server = await startTwoTenants(stack);
});
afterAll(() => stack.disposeAsync());

const list = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' });

/** Other spellings of a path. A proxy may read each as the path, or let it pass although it denies the path. */
const spellings = (path: string): readonly string[] => {
  const [, first = '', ...rest] = path.split('/');
  const encoded = `%${first.charCodeAt(0).toString(16)}${first.slice(1)}`;
  const tail = rest.map((part) => `/${part}`).join('');
  const [parent, last] = [path.slice(0, path.lastIndexOf('/')), path.slice(path.lastIndexOf('/') + 1)];
  return [
    `/${path}`,
    `/.${path}`,
    `/x/..${path}`,
    `/%2e${path}`,
    `/x/%2e%2e${path}`,
    `/${encoded}${tail}`,
    `/%25${encoded.slice(1)}${tail}`,
    `/${first.toUpperCase()}${tail}`,
    `/${first};x=y${tail}`,
    `/${first}%00${tail}`,
    `/${first}%2f${tail.slice(1)}`,
    `\\${path.slice(1)}`,
    `/\\${path.slice(1)}`,
    `http://localhost${path}`,
    `https://evil.example.com${path}`,
    `//localhost${path}`,
    `*${path}`,
    `@${path}`,
    `${path}/`,
    `${path}//`,
    `${path}/.`,
    `${path}/..`,
    `${path};x`,
    `${path}%00`,
    `${path}%20`,
    `${path}%2f`,
    `${path}%3f`,
    `${path}.json`,
    `${path}\\`,
    `${path}#a`,
    `${parent}/./${last}`,
    `${parent}/%2e/${last}`,
    `${parent}/x/../${last}`,
    `${parent}/x/%2e%2e/${last}`,
    `${parent}//${last}`,
    `${parent}\\${last}`,
    `${parent}/%${last.charCodeAt(0).toString(16)}${last.slice(1)}`,
    `${parent}/${last.toUpperCase()}`,
  ];
};

test.each(['/mcp', '/metrics', '/health/detailed', '/admin/v1/keys'])('nothing but %s is read as that path', async (path) => {
  const isCall = path === '/mcp';
  const request = { key: server.key, ...(isCall ? { body: list } : { method: 'GET', length: null }) };
  expect((await exchange(server.port, rawRequest({ ...request, target: path }))).statuses).toEqual([200]);
  expect((await exchange(server.port, rawRequest({ ...request, target: `${path}?a=b` }))).statuses).toEqual([200]);
  // One after another, because the admin API serves only a few requests of a key at a time.
  for (const target of spellings(path)) {
    const [status] = (await exchange(server.port, rawRequest({ ...request, target }))).statuses;
    expect([400, 404], target).toContain(status);
  }
});

test.each([
  '',
  '/',
  '/none',
  '/../mcp',
  '/..%2f..%2fmcp',
  '/%2e%2e/mcp',
  '/x/../../mcp',
  '/x/y',
  '/x%2fy',
  `/${'x'.repeat(129)}`,
  '/x?hook=y',
  '/%00',
])('no hook is at /hooks%s, and no other path is reached through it', async (rest) => {
  for (const method of ['GET', 'POST'])
    expect((await exchange(server.port, rawRequest({ method, target: `/hooks${rest}`, key: server.key, body: list }))).statuses).toEqual([
      404,
    ]);
});

test('the pages that need a key need it by every method and spelling', async () => {
  const host = 'evil.example.com';
  for (const path of ['/metrics', '/health/detailed', '/admin/v1/keys', '/admin/', '/admin/v1/openapi.json', '/admin/none'])
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'PUT', 'PATCH'])
      for (const target of [path, `${path}?key=${server.key}`, `${path}?access_token=${server.key}&authorization=Bearer%20${server.key}`]) {
        const bytes = rawRequest({ method, target, length: null, headers: [`cookie: authorization=${server.key}; key=${server.key}`] });
        const { statuses, replies } = await exchange(server.port, bytes.replace('host: localhost', `host: ${host}`), 1);
        expect([401, 405], `${method} ${target}`).toContain(statuses[0] ?? 401);
        expect(replies.map(({ body }) => body).join('')).not.toMatch(/process_cpu|"keys"|"uptime|openapi"/);
      }
});

test('no answer depends on the host that the client names', async () => {
  for (const target of ['/mcp', '/health', '/admin/v1/keys', '/nothing'])
    for (const host of ['evil.example.com', 'evil.example.com:99', '"><script>']) {
      const bytes = rawRequest({ target, method: 'GET', length: null, headers: [`x-forwarded-host: ${host}`, `forwarded: host=${host}`] });
      const { replies, rest } = await exchange(server.port, bytes.replace('host: localhost', `host: ${host}`));
      const answer = JSON.stringify(replies) + rest;
      expect(answer).not.toMatch(/evil|script/);
      expect(answer.toLowerCase()).not.toContain('"location"');
    }
});
