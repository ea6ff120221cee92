import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer, type AdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { post } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { kinds } from '../../../packages/postgres/test/support/databases.ts';
import { rawRequest } from '../raw-request.ts';

describe.each(kinds)('a stolen operator key on $kind', ({ kind, place }) => {
  const stack = new AsyncDisposableStack();
  /** Two servers that share a database. A folder has only one server. */
  let one: AdminServer;
  let other: AdminServer;
  beforeAll(async () => {
    const at = await place();
    stack.defer(() => at.remove());
    const where = 'url' in at.options ? { DATABASE_URL: at.options.url } : { BUSBAR_DATA_DIR: at.options.folder };
    const settings = { ...where, BUSBAR_SECRET: 'long enough for a secret of a server' };
    one = await startAdminServer(stack, settings);
    other = kind === 'pglite' ? one : await startAdminServer(stack, settings);
  });
  afterAll(() => stack.disposeAsync());

  const signIn = async (server: AdminServer, key: string) => (await post(server.url, { authorization: `Bearer ${key}` })).status;
  const makeKey = async (server: AdminServer, by: string, wanted: object = {}) =>
    await server.ask(by, 'POST keys', { name: 'made', roles: ['operator'], ...wanted });
  const stealOne = async () => (await makeKey(one, one.key)).json as { id: string; key: string };

  test('creates no key once it is revoked, on any server, however recently it was used', async () => {
    const stolen = await stealOne();
    // Both servers remember it now.
    expect([await signIn(one, stolen.key), await signIn(other, stolen.key)]).toEqual([200, 200]);
    expect((await other.ask(one.key, `DELETE keys/${stolen.id}`)).status).toBe(200);
    for (const server of [one, other]) {
      expect((await makeKey(server, stolen.key)).status).toBe(401);
      expect((await server.ask(stolen.key, 'GET keys')).status).toBe(401);
    }
    const made = await one.get(tokens.apiKeys).madeBy(stolen.id);
    expect(made).toEqual({ keys: [], more: false });
  });

  test('is refused at once by the server that revoked it', async () => {
    const stolen = await stealOne();
    expect(await signIn(one, stolen.key)).toBe(200);
    await one.ask(one.key, `DELETE keys/${stolen.id}`);
    expect(await signIn(one, stolen.key)).toBe(401);
  });

  test.each([
    ['/mcp', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })],
    ['/admin/v1/dead-letters/discard', '{"code":"RATE_LIMITED"}'],
    ['/admin/v1/keys', '{"name":"late"}'],
  ])('is refused at %s if it was revoked while the body arrived', async (target, body) => {
    const stolen = await stealOne();
    const connection = connect(Number(new URL(one.url).port), '127.0.0.1');
    const bytes = rawRequest({ target, body, key: stolen.key });
    const checked = Promise.withResolvers<void>();
    const apiKeys = one.get(tokens.apiKeys);
    const { use } = apiKeys;
    const watched = async (key: string) => {
      const found = await use(key);
      if (key === stolen.key) checked.resolve();
      return found;
    };
    Object.assign(apiKeys, { use: watched });
    connection.write(bytes.slice(0, -5));
    await checked.promise;
    Object.assign(apiKeys, { use });
    await one.ask(one.key, `DELETE keys/${stolen.id}`);
    connection.write(bytes.slice(-5));
    const [answer] = (await once(connection, 'data')) as [Buffer];
    connection.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1.1 401 /);
  });

  test('is revoked with a list of all valid keys that come from it', async () => {
    const stolen = await stealOne();
    const child = (await makeKey(one, stolen.key, { roles: ['owner', 'operator'], tenant: 'acme' })).json;
    const gone = (await makeKey(one, child.key, { name: 'between' })).json;
    const grandchild = (await makeKey(one, gone.key, { tenant: 'globex' })).json;
    const { json: first } = await one.ask(one.key, `DELETE keys/${gone.id}`);
    expect(first).toMatchObject({ made: [{ id: grandchild.id, createdBy: gone.id }], more: false });
    const { status, json } = await one.ask(one.key, `DELETE keys/${stolen.id}`);
    expect(status).toBe(200);
    expect(json.made.map(({ id, tenant }: { id: string; tenant: string }) => `${id} of ${tenant}`).sort()).toEqual(
      [`${child.id} of acme`, `${grandchild.id} of globex`].sort(),
    );
    expect(JSON.stringify(json)).not.toContain(child.key.slice(9));
  });

  test('that creates keys while it is revoked leaves none that the answer does not name', async () => {
    const stolen = await stealOne();
    const making = Array.from({ length: 30 }, (_, index) => makeKey(index % 2 ? one : other, stolen.key));
    const answer = await Promise.race(making).then(() => one.ask(one.key, `DELETE keys/${stolen.id}`));
    const made = (await Promise.all(making)).flatMap(({ status, json }) => (status === 201 ? [json.id as string] : []));
    expect(answer.json.made.map(({ id }: { id: string }) => id).sort()).toEqual(made.toSorted());
    expect((await makeKey(other, stolen.key)).status).toBe(401);
  });
});

test('the database returns no row to an owner for a key of another tenant, so that not even the time of an answer tells', async () => {
  await using stack = new AsyncDisposableStack();
  const server = await startAdminServer(stack);
  const owner = await server.make({ tenant: 'acme', roles: ['owner'] });
  const seen: unknown[] = [];
  const apiKeys = server.get(tokens.apiKeys);
  const { get } = apiKeys;
  Object.assign(apiKeys, {
    get: async (...args: Parameters<typeof get>) => {
      const found = await get(...args);
      seen.push(found);
      return found;
    },
  });
  // The database answers with no row, as for a key that does not exist.
  expect((await server.ask(owner, 'DELETE keys/key_first')).status).toBe(404);
  expect((await server.ask(owner, 'DELETE keys/key_unheard-of')).status).toBe(404);
  expect(seen).toEqual([undefined, undefined]);
});
