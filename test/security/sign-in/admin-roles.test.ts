import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { callTool } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

const stack = new AsyncDisposableStack();
let server: TwoTenants;
/** The ids of things of the tenant `red`, and the keys of all kinds of callers. */
let red: { readonly key: string; readonly letter: string };
let callers: Readonly<Record<Caller, string>>;

const kinds = [
  'no key',
  'a made-up key',
  'a revoked key',
  'a user of red',
  'a user of blue',
  'the owner of blue',
  'the owner of red',
  'an operator',
] as const;
type Caller = (typeof kinds)[number];

beforeAll(async () => {
  server = await startTwoTenants(stack);
  const { make, ask } = server;
  const revoked = await make({ tenant: 'red', name: 'revoked', roles: ['owner', 'operator'] });
  const { keys } = (await ask(server.key, 'GET keys?tenant=red')).json;
  const idOf = (name: string): string => keys.find((key: { name: string }) => key.name === name).id;
  await ask(server.key, `DELETE keys/${idOf('revoked')}`);
  server.red.sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '0' }, times: 100 });
  await callTool({ url: server.url, key: server.red.user }, 'zendesk_create_ticket', { subject: 'of red', body: 'of red alone' });
  server.red.sandbox.recover();
  const [letter] = (await ask(server.key, 'GET dead-letters?tenant=red')).json.letters;
  red = { key: idOf('user of red'), letter: letter.id };
  callers = {
    'no key': '',
    'a made-up key': `bb_${'x'.repeat(43)}`,
    'a revoked key': revoked,
    'a user of red': server.red.user,
    'a user of blue': server.blue.user,
    'the owner of blue': server.blue.owner,
    'the owner of red': server.red.owner,
    'an operator': server.key,
  };
});
afterAll(() => stack.disposeAsync());

/** A request to a route, about a thing of the tenant `red`, that changes nothing. */
interface Try {
  readonly path: string;
  readonly body?: unknown;
  /** The status for the owner of `red` and for an operator. */
  readonly owner: number;
  readonly operator: number;
  /** The status for the owner of `blue`. Default: 403, as for callers without a role. 200 is a list, which must be without red's data. */
  readonly stranger?: number;
}

/** Two tries at most for each route of the description: as it is, and naming the tenant. */
const routes: Readonly<Record<string, () => readonly Try[]>> = {
  'get keys': () => [
    { path: 'keys', owner: 200, operator: 200, stranger: 200 },
    { path: 'keys?tenant=red', owner: 200, operator: 200 },
  ],
  'post keys': () => [
    { path: 'keys', body: { name: '' }, owner: 400, operator: 400, stranger: 400 },
    { path: 'keys', body: { name: 'x', tenant: 'green' }, owner: 403, operator: 201 },
  ],
  'delete keys/{id}': () => [{ path: 'keys/key_none', owner: 404, operator: 404, stranger: 404 }],
  'get quotas': () => [
    { path: 'quotas', owner: 200, operator: 200, stranger: 200 },
    { path: 'quotas?tenant=red', owner: 200, operator: 200 },
  ],
  'get usage': () => [
    { path: 'usage?by=tenant,key', owner: 200, operator: 200, stranger: 200 },
    { path: 'usage?tenant=red&format=csv', owner: 200, operator: 200 },
  ],
  'get calls': () => [
    { path: 'calls', owner: 200, operator: 200, stranger: 200 },
    { path: 'calls?tenant=red', owner: 200, operator: 200 },
  ],
  'get audit': () => [{ path: 'audit', owner: 403, operator: 200 }],
  'get audit/verify': () => [{ path: 'audit/verify', owner: 403, operator: 200 }],
  'get reconcile': () => [{ path: 'reconcile', owner: 403, operator: 200 }],
  'get dead-letters': () => [
    { path: 'dead-letters', owner: 200, operator: 200, stranger: 200 },
    { path: 'dead-letters?tenant=red', owner: 200, operator: 200 },
  ],
  'get dead-letters/{id}': () => [{ path: `dead-letters/${red.letter}`, owner: 200, operator: 200, stranger: 404 }],
  'post dead-letters/replay': () => [
    { path: 'dead-letters/replay', body: {}, owner: 400, operator: 400, stranger: 400 },
    { path: 'dead-letters/replay', body: { tenant: 'red', ids: ['none'] }, owner: 200, operator: 200 },
  ],
  'post dead-letters/discard': () => [
    { path: 'dead-letters/discard', body: {}, owner: 400, operator: 400, stranger: 400 },
    { path: 'dead-letters/discard', body: { tenant: 'red', ids: ['none'] }, owner: 200, operator: 200 },
  ],
};

function expectedOf(caller: Caller, { owner, operator, stranger = 403 }: Try): number {
  if (caller === 'an operator') return operator;
  if (caller === 'the owner of red') return owner;
  if (caller === 'the owner of blue') return stranger;
  return caller.startsWith('a user') ? 403 : 401;
}

describe('every route of the admin API', () => {
  test('is among the routes below', async () => {
    const { paths } = (await server.ask(server.key, 'GET openapi.json')).json as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replace('/admin/v1/', '')}`),
    );
    expect(Object.keys(routes).sort()).toEqual(described.sort());
  });

  test.each(Object.keys(routes))('%s answers each kind of caller as its role allows, and a stranger nothing of red', async (route) => {
    const method = route.split(' ')[0]?.toUpperCase();
    for (const one of routes[route]?.() ?? [])
      for (const caller of kinds) {
        const { status, text } = await server.ask(callers[caller], `${method} ${one.path}`, one.body);
        expect(status, `${caller}: ${method} ${one.path}`).toBe(expectedOf(caller, one));
        if (caller === 'an operator' || caller === 'the owner of red') continue;
        for (const secret of [red.key, 'user of red', 'of red alone', '"red"', 'red,']) expect(text, caller).not.toContain(secret);
      }
  });

  test('answers methods that it does not have with 404 or 405, for any role', async () => {
    const methods = ['get', 'post', 'delete', 'put', 'patch', 'options'];
    const paths = new Set(Object.keys(routes).map((route) => route.split(' ')[1] ?? ''));
    const others = [...paths].flatMap((path) => methods.map((method) => `${method} ${path}`).filter((route) => !(route in routes)));
    const statuses = new Set<number>();
    for (const route of others)
      for (const key of [server.red.owner, server.key]) statuses.add((await server.ask(key, asRequest(route))).status);
    expect(statuses).toEqual(new Set([404, 405]));
  });
});

const asRequest = (route: string) => `${route.split(' ')[0]?.toUpperCase()} ${route.split(' ')[1]?.replace('{id}', red.letter)}`;

describe('an owner', () => {
  const made = async (key: string, body: object) => {
    const { status, json } = await server.ask(key, 'POST keys', { name: 'escalated', ...body });
    return { status, key: json?.key as string, record: json?.id && (await server.get(tokens.apiKeys).get(json.id)) };
  };

  test.each([
    ['the operator role', { roles: ['operator'] }],
    ['the operator role among others', { roles: ['owner', 'x', 'operator'] }],
    ['the operator role twice', { roles: ['operator', 'operator'] }],
    ['the operator role with spaces', { roles: [' operator '] }],
    ['the operator role with a no-break space', { roles: ['\u00a0operator'] }],
    ['the operator role with a byte order mark', { roles: ['\ufeffoperator'] }],
    ['another tenant', { tenant: 'blue' }],
    ['another tenant and a role', { tenant: 'blue', roles: ['owner'] }],
  ])('cannot grant %s', async (_what, body) => {
    expect((await made(server.red.owner, body)).status).toBe(403);
  });

  test.each([
    ['a role that is a list', { roles: [['operator']] }],
    ['a role that is an object', { roles: [{ toString: 'operator' }] }],
    ['roles that are an object', { roles: { 0: 'operator', length: 1 } }],
    ['roles that are text', { roles: 'operator' }],
    ['a field isOperator', { isOperator: true }],
    ['an id', { id: 'key_first' }],
    ['a key', { key: `bb_${'a'.repeat(43)}` }],
    ['a hash', { hash: 'a'.repeat(64) }],
    ['a time of revocation', { revokedAt: null }],
    ['toolsets of null', { toolsets: null }],
    ['a tenant of null', { tenant: null }],
    ['a tenant that is a list', { tenant: ['red'] }],
  ])('cannot send %s', async (_what, body) => {
    expect((await made(server.red.owner, body)).status).toBe(400);
  });

  test.each(['Operator', 'OPERATOR', 'op\u0435rator', 'operator\u200b', 'admin', '*', 'operator,owner', 'owner operator'])(
    'gains nothing from a key with the role %j',
    async (role) => {
      const { status, key } = await made(server.red.owner, { roles: [role] });
      // A server may refuse names that look like others.
      if (status !== 201) return expect([400, 403]).toContain(status);
      for (const path of ['audit', 'keys', 'calls?tenant=blue']) expect((await server.ask(key, `GET ${path}`)).status).toBe(403);
    },
  );

  test('with some toolsets cannot grant others, all, or none of its limits', async () => {
    const narrow = await server.make({ tenant: 'red', roles: ['owner'], toolsets: ['tickets'] });
    for (const toolsets of [['users'], ['tickets', 'users'], ['*'], ['Tickets'], ['']])
      expect([400, 403], JSON.stringify(toolsets)).toContain((await made(narrow, { toolsets })).status);
    for (const body of [{}, { toolsets: [] }, { toolsets: ['tickets'] }]) {
      const { record } = await made(narrow, body);
      expect(['tickets']).toEqual(expect.arrayContaining([...(record?.toolsets ?? ['all'])]));
    }
  });

  test('cannot revoke a key of another tenant, nor an operator of its own', async () => {
    const operator = await server.make({ tenant: 'red', name: 'operator of red', roles: ['operator'] });
    const { keys } = (await server.ask(server.key, 'GET keys')).json;
    const idOf = (name: string): string => keys.find((key: { name: string }) => key.name === name).id;
    expect((await server.ask(server.red.owner, `DELETE keys/${idOf('owner of blue')}`)).status).toBe(404);
    expect((await server.ask(server.red.owner, `DELETE keys/${idOf('operator of red')}`)).status).toBe(403);
    expect((await server.ask(operator, 'GET keys?tenant=blue')).status).toBe(200);
    expect((await server.ask(server.blue.owner, 'GET keys')).status).toBe(200);
  });

  test('cannot tell the key of another tenant from a key that does not exist', async () => {
    const { keys } = (await server.ask(server.blue.owner, 'GET keys')).json;
    const ofBlue = await server.ask(server.red.owner, `DELETE keys/${keys[0].id}`);
    const ofNone = await server.ask(server.red.owner, 'DELETE keys/key_AAAAAAAAAAAA');
    expect([ofBlue.status, ofBlue.text]).toEqual([ofNone.status, ofNone.text]);
    const letterOfRed = await server.ask(server.blue.owner, `GET dead-letters/${red.letter}`);
    const letterOfNone = await server.ask(server.blue.owner, 'GET dead-letters/none');
    expect([letterOfRed.status, letterOfRed.text]).toEqual([letterOfNone.status, letterOfNone.text]);
  });
});
