import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { exchange, rawRequest } from '../raw-request.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

const stack = new AsyncDisposableStack();
let server: TwoTenants;
let id: string;
beforeAll(async () => {
  server = await startTwoTenants(stack);
  id = (await server.ask(server.red.owner, 'GET keys')).json.keys[0].id;
});
afterAll(() => stack.disposeAsync());

const list = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' });

/** The statuses of the endpoint and of a page for requests with these headers. */
async function statusesWith(...headers: readonly string[]): Promise<(number | undefined)[]> {
  const endpoint = await exchange(server.port, rawRequest({ body: list, headers }));
  const page = await exchange(server.port, rawRequest({ method: 'GET', target: '/health/detailed', length: null, headers }));
  return [endpoint.statuses[0], page.statuses[0]];
}
const bearer = (key: string) => statusesWith(`authorization: Bearer ${key}`);

test('a key is accepted as RFC 6750 writes it, in any case of its scheme', async () => {
  for (const scheme of ['Bearer ', 'bearer ', 'BEARER ', 'Bearer   '])
    expect(await statusesWith(`Authorization: ${scheme}${server.red.user}`)).toEqual([200, 200]);
  expect(await statusesWith(`authorization:Bearer ${server.red.user}  `)).toEqual([200, 200]);
});

test('nothing that a list, a log or a stolen database shows of a key is a key', async () => {
  const { red } = server;
  const { db } = server.get(tokens.database);
  const row = await db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const hash = createHash('sha256').update(red.user).digest();
  for (const shown of [
    row.hash,
    row.prefix,
    row.id,
    hash.toString('base64url'),
    `bb_${hash.toString('base64url')}`,
    `bb_${row.hash.slice(0, 43)}`,
  ])
    expect(await bearer(shown)).toEqual([401, 401]);
  expect(JSON.stringify(row)).not.toContain(red.user.slice(9));
});

test.each<[string, (key: string) => string]>([
  ['without its last character', (key) => key.slice(0, -1)],
  ['with one character more', (key) => `${key}A`],
  ['with another last character', (key) => `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
  ['with another first character', (key) => `bb_${key[3] === 'A' ? 'B' : 'A'}${key.slice(4)}`],
  ['in capitals', (key) => key.toUpperCase()],
  ['without its prefix', (key) => key.slice(3)],
  ['with a wildcard', (key) => `${key.slice(0, 9)}%`],
  ['with an underscore as wildcard', () => `bb_${'_'.repeat(43)}`],
  ['in quotes', (key) => `"${key}"`],
  ['percent-encoded', (key) => `%62${key.slice(1)}`],
  ['before a comma', (key) => `${key},`],
  ['twice', (key) => `${key},${key}`],
  ['before another word', (key) => `${key} x`],
  ['after a quote of SQL', (key) => `' or hash is not null or '${key}`],
  ['with a zero byte', (key) => `${key}%00`],
  ['of 15 KB', (key) => `${key}${'A'.repeat(15_000)}`],
  ['as bytes of UTF-8', (key) => `${key}\u00c2\u00a0`],
  ['as the prototype’s name', () => '__proto__'],
  ['as no text', () => ''],
])('a key %s is not that key', async (_how, change) => {
  expect(await bearer(change(server.red.user))).toEqual([401, 401]);
});

test.each<[string, (key: string) => readonly string[]]>([
  ['as Basic', (key) => [`authorization: Basic ${Buffer.from(`${key}:`).toString('base64')}`]],
  ['as Basic password', (key) => [`authorization: Basic ${Buffer.from(`bearer:${key}`).toString('base64')}`]],
  ['as Token', (key) => [`authorization: Token ${key}`]],
  ['without a scheme', (key) => [`authorization: ${key}`]],
  ['after a tab', (key) => [`authorization: Bearer\t${key}`]],
  ['without a space', (key) => [`authorization: Bearer${key}`]],
  ['after another scheme', (key) => [`authorization: Basic x, Bearer ${key}`]],
  ['in a cookie', (key) => [`cookie: authorization=Bearer ${key}; key=${key}`]],
  ['in X-Api-Key', (key) => [`x-api-key: ${key}`]],
  ['in Proxy-Authorization', (key) => [`proxy-authorization: Bearer ${key}`]],
  ['in X-Forwarded-Authorization', (key) => [`x-forwarded-authorization: Bearer ${key}`]],
  ['as an underscored header', (key) => [`authorization_: Bearer ${key}`, `x_authorization: Bearer ${key}`]],
])('a key %s is not read', async (_where, headers) => {
  expect(await statusesWith(...headers(server.red.user))).toEqual([401, 401]);
});

test('two Authorization headers are refused, even with one key twice, because a proxy may have read either', async () => {
  const good = `authorization: Bearer ${server.red.user}`;
  const bad = `authorization: Bearer bb_${'x'.repeat(43)}`;
  for (const headers of [
    [good, bad],
    [bad, good],
    [good, good],
  ])
    expect(await statusesWith(...headers)).toEqual([401, 401]);
});

test('no header makes a caller an operator, another tenant or this machine', async () => {
  const claims = [
    'x-tenant: default',
    'x-role: operator',
    'x-roles: operator',
    'x-user: key_first',
    'x-forwarded-user: operator',
    'x-forwarded-for: 127.0.0.1',
    'x-real-ip: 127.0.0.1',
    'forwarded: for=127.0.0.1;by=127.0.0.1',
    'x-original-url: /admin/v1/keys',
    'x-rewrite-url: /admin/v1/keys',
    'x-http-method-override: GET',
    'x-http-method: GET',
  ];
  const withKey = rawRequest({ key: server.red.user, method: 'GET', target: '/admin/v1/audit', length: null, headers: claims });
  expect((await exchange(server.port, withKey)).statuses).toEqual([403]);
  for (const target of ['/admin/v1/audit', '/health/detailed', '/metrics'])
    expect((await exchange(server.port, rawRequest({ method: 'GET', target, length: null, headers: claims }))).statuses).toEqual([401]);
  const overridden = rawRequest({ key: server.red.owner, target: '/admin/v1/keys/x', headers: ['x-http-method-override: DELETE'] });
  expect((await exchange(server.port, overridden)).statuses).toEqual([404]);
});

test('every refusal of what may be a key is the same, so that it does not tell whether the key was ever known', async () => {
  const revoked = await server.make({ tenant: 'red', name: 'revoked' });
  const { keys } = (await server.ask(server.red.owner, 'GET keys')).json;
  const { id: revokedId } = keys.find(({ name }: { name: string }) => name === 'revoked');
  expect((await server.ask(server.red.owner, `DELETE keys/${revokedId}`)).status).toBe(200);
  const answers = await Promise.all(
    [revoked, `bb_${'x'.repeat(43)}`, 'bb_short'].map(async (key) => {
      const { replies } = await exchange(server.port, rawRequest({ key, body: list }));
      return { status: replies[0]?.status, body: replies[0]?.body };
    }),
  );
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});
