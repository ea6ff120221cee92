import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../src/tokens.ts';
import { startAdminServer, type AdminServer } from './admin-server.ts';

const stack = new AsyncDisposableStack();
let server: AdminServer;
let owner: string;
let plain: string;
beforeAll(async () => {
  server = await startAdminServer(stack);
  owner = await server.make({ tenant: 'acme', roles: ['owner'] });
  plain = await server.make({ tenant: 'acme' });
});
afterAll(() => stack.disposeAsync());

const problem = (status: number, title: string, detail: string | RegExp) => ({
  status,
  json: { status, title, detail: detail instanceof RegExp ? expect.stringMatching(detail) : detail },
});

describe('the admin API', () => {
  test('describes itself, for a key', async () => {
    const { status, json } = await server.ask(owner, 'GET openapi.json');
    expect(status).toBe(200);
    expect(json).toMatchObject({ openapi: '3.1.0', security: [{ key: [] }], components: { securitySchemes: { key: { type: 'http' } } } });
    expect(json.paths['/admin/v1/keys'].post.responses['201'].content['application/json'].schema.properties).toHaveProperty('key');
    expect(json.paths['/admin/v1/keys'].post.responses['403'].content).toHaveProperty(['application/problem+json']);
    const { get, post } = { ...json.paths['/admin/v1/dead-letters'], ...json.paths['/admin/v1/dead-letters/replay'] };
    expect(get.parameters.filter(({ required }: { required: boolean }) => required)).toEqual([]);
    expect(post.requestBody.content['application/json'].schema).not.toHaveProperty('required');
  });

  test('refuses a request without a key, with an explanation', async () => {
    const { status, headers, json } = await server.ask('', 'GET keys');
    expect([status, headers.get('content-type'), headers.get('www-authenticate')]).toEqual([401, 'application/problem+json', 'Bearer']);
    expect(json).toEqual({ status: 401, title: 'UNAUTHENTICATED', detail: expect.stringContaining('Authorization: Bearer') });
  });

  test('refuses a key without a role', async () => {
    expect(await server.ask(plain, 'GET keys')).toMatchObject(problem(403, 'FORBIDDEN', /neither the role "owner" nor "operator"/));
    expect(await server.ask(plain, 'GET openapi.json')).toMatchObject({ status: 403 });
  });

  test('serves no other path, and names the page that lists the paths', async () => {
    expect(await server.ask(owner, 'GET nothing')).toMatchObject(problem(404, 'NOT_FOUND', /openapi\.json/));
    expect(await server.ask(owner, 'DELETE keys')).toMatchObject({ status: 404 });
    expect((await server.ask(owner, 'PUT keys')).headers.get('allow')).toBe('GET, HEAD, POST, DELETE');
  });

  test('names the problems of a request', async () => {
    expect(await server.ask(owner, 'GET calls?limit=1001&from=soon')).toMatchObject(
      problem(400, 'INVALID_INPUT', /from: must be a date.*limit: /),
    );
    expect(await server.ask(owner, 'POST keys', { nam: 'x' })).toMatchObject(problem(400, 'INVALID_INPUT', /name: .*"nam"/));
    expect(await server.ask(owner, 'POST keys', '{')).toMatchObject(problem(400, 'INVALID_INPUT', /JSON/));
  });

  test('refuses a body of more than 64 KiB, with or without Content-Length', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(70_000) });
    expect(await server.ask(owner, 'POST keys', body)).toMatchObject(problem(400, 'INVALID_INPUT', /larger than 65536 bytes/));
    const chunked = await fetch(new URL('/admin/v1/keys', server.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${owner}`, 'content-type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect([chunked.status, await chunked.text()]).toEqual([400, expect.stringContaining('larger than 65536 bytes')]);
  });
});

test('counts requests against the limit of their key, and says how long to wait', async () => {
  await using own = new AsyncDisposableStack();
  const { ask, key } = await startAdminServer(own, { BUSBAR_CALLS_PER_MINUTE: '2' });
  expect([(await ask(key, 'GET keys')).status, (await ask(key, 'GET keys')).status]).toEqual([200, 200]);
  const refused = await ask(key, 'GET keys');
  expect(refused).toMatchObject(problem(429, 'RATE_LIMITED', /requests with this key/));
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('counts a request against the limit of its address before it checks the key', async () => {
  await using own = new AsyncDisposableStack();
  const { ask, key } = await startAdminServer(own, { BUSBAR_ADDRESS_CALLS_PER_MINUTE: '2' });
  await ask('bb_guess', 'GET keys');
  await ask('bb_guess', 'GET keys');
  expect(await ask(key, 'GET keys')).toMatchObject(problem(429, 'RATE_LIMITED', /requests from this address/));
});

test('reports a failure with only an id, and logs the reason under that id', async () => {
  await using own = new AsyncDisposableStack();
  const logged: { id?: string; err?: Error }[] = [];
  const { ask, key } = await startAdminServer(own, {}, ({ get, provide }) => {
    const log = get(tokens.log);
    const error = (fields: object) => void logged.push(fields);
    provide(tokens.log, () => Object.assign(Object.create(log), { error }) as typeof log);
    provide(tokens.usage, () => ({
      report: () => Promise.reject(new Error('hush')),
      calls: () => Promise.reject(new Error('hush')),
      csv: () => {
        throw new Error('hush');
      },
    }));
  });
  const { status, json } = await ask(key, 'GET usage');
  expect([status, json.title, JSON.stringify(json).includes('hush')]).toEqual([500, 'INTERNAL', false]);
  expect(json.detail).toContain(json.id);
  expect(logged).toMatchObject([{ id: json.id, err: { message: 'hush' } }]);
});
