import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer, type AdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { callTool } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { rawClient } from '../../../packages/core/test/mcp/room/sockets.ts';
import { chunk, exchange, rawRequest } from '../raw-request.ts';

const stack = new AsyncDisposableStack();
let server: AdminServer;
let port: number;
let owner: string;
let colleague: string;
let other: string;
beforeAll(async () => {
  server = await startAdminServer(stack);
  port = Number(new URL(server.url).port);
  owner = await server.make({ tenant: 'acme', roles: ['owner'] });
  colleague = await server.make({ tenant: 'acme', roles: ['owner'] });
  other = await server.make({ tenant: 'globex', roles: ['owner'] });
});
afterAll(() => stack.disposeAsync());

/** Makes a method of a service wait while `during` runs. `begun` counts its calls. */
async function withHeld<K extends string, S extends { [key in K]: (...args: never[]) => Promise<unknown> }>(
  service: S,
  method: K,
  during: (begun: () => number) => Promise<void>,
): Promise<void> {
  const held = Promise.withResolvers<void>();
  const original = service[method];
  let begun = 0;
  const waiting = async (...args: never[]) => {
    begun += 1;
    await held.promise;
    return await original.apply(service, args);
  };
  Object.assign(service, { [method]: waiting });
  try {
    await during(() => begun);
  } finally {
    held.resolve();
    Object.assign(service, { [method]: original });
  }
}

test('four requests of a key run at a time, fewer of the next, the others are refused at once, and another tenant’s run', async () => {
  await withHeld(server.get(tokens.deadLetters), 'discard', async (begun) => {
    const discard = (key: string) => server.ask(key, 'POST dead-letters/discard', { code: 'RATE_LIMITED' });
    const refusedOf = async (key: string, count: number) => {
      let refused = 0;
      for (let sent = 0; sent < 10; sent += 1)
        void discard(key).then(({ status, headers, json }) => {
          if (status !== 503) return;
          expect([headers.get('retry-after'), json]).toMatchObject(['5', { title: 'OVERLOADED' }]);
          refused += 1;
        });
      await expect.poll(() => refused).toBe(count);
    };
    await refusedOf(owner, 6);
    await expect.poll(begun).toBe(4);
    // The key of a colleague can still be used to revoke the first.
    await refusedOf(colleague, 8);
    await expect.poll(begun).toBe(6);
    expect((await server.ask(other, 'GET keys')).status).toBe(200);
  });
  await expect.poll(async () => (await server.ask(owner, 'GET keys')).status).toBe(200);
});

test('a list of keys takes the place of a report, and the calls of others do not wait for lists', async () => {
  const { apiKeys, maxReports } = { apiKeys: server.get(tokens.apiKeys), maxReports: server.get(tokens.database).maxReports };
  await withHeld(apiKeys, 'list', async (begun) => {
    let refused = 0;
    for (let sent = 0; sent < 50; sent += 1) void server.ask(owner, 'GET keys').then(({ status }) => (refused += Number(status === 503)));
    await expect.poll(() => refused).toBe(50 - maxReports);
    expect(begun()).toBe(maxReports);
    const key = await server.make({ tenant: 'default' });
    expect(await callTool({ url: server.url, key }, 'zendesk_search_tickets', {})).toMatchObject({ isError: false });
    // A revocation waits for the report that names other keys, but not before the key is revoked.
    const { json } = await server.ask(owner, 'POST keys', { name: 'stolen' });
    const revoked = server.ask(owner, `DELETE keys/${json.id}`);
    await expect.poll(async () => (await apiKeys.get(json.id))?.revokedAt).toBeTypeOf('number');
    void revoked;
  });
});

test('a page has at most 100 keys, and names the next', async () => {
  const { apiKeys } = { apiKeys: server.get(tokens.apiKeys) };
  for (let index = 0; index < 101; index += 1) await apiKeys.create({ tenant: 'initech', name: `key ${index}`, roles: [] });
  const initech = await server.make({ tenant: 'initech', roles: ['owner'] });
  const { json } = await server.ask(initech, 'GET keys?limit=200');
  expect([json.keys.length, (await server.ask(initech, `GET keys?limit=200&after=${json.next}`)).json.keys.length]).toEqual([100, 2]);
  expect((await server.ask(initech, 'POST keys', { name: 'x'.repeat(101) })).status).toBe(400);
});

const post = (key: string | undefined, body: string) =>
  rawRequest({
    ...(key !== undefined && { key }),
    target: '/admin/v1/keys',
    length: null,
    headers: ['transfer-encoding: chunked'],
    body,
  });

test('a body in many small pieces is refused, and a body in pieces of any usual size is read', async () => {
  const json = `{"name":"in pieces"${' '.repeat(2_000)}}`;
  const inPieces = (size: number) =>
    `${Array.from({ length: Math.ceil(json.length / size) }, (_, index) => chunk(json.slice(index * size, (index + 1) * size))).join('')}0\r\n\r\n`;
  const refused = await exchange(port, post(owner, inPieces(1)));
  expect([refused.statuses, refused.replies[0]?.body]).toEqual([[400], expect.stringContaining('too many small pieces')]);
  expect((await exchange(port, post(owner, inPieces(500)))).statuses).toEqual([201]);
});

test('bodies that do not end take the places of their key, and the key of a colleague works', async () => {
  const slow = await Promise.all(Array.from({ length: 4 }, () => rawClient(new URL(server.url))));
  for (const { socket } of slow) socket.write(post(owner, '5\r\n{"nam'));
  await expect.poll(async () => (await server.ask(owner, 'GET keys')).json.title).toBe('OVERLOADED');
  expect((await server.ask(colleague, 'GET keys')).status).toBe(200);
  for (const { socket } of slow) socket.destroy();
  await expect.poll(async () => (await server.ask(owner, 'GET keys')).status).toBe(200);
});

test('a tenant’s used-up limit does not keep its owner from revoking a key', async () => {
  const { json } = await server.ask(owner, 'POST keys', { name: 'stolen', roles: ['owner'] });
  const host = server.get(tokens.host);
  let spent = 0;
  while ((await host.limit({ tenant: 'acme', id: `spender ${spent}`, roles: [] }))?.allowed !== false) spent += 1;
  expect((await server.ask(colleague, 'GET keys')).json.title).toBe('RATE_LIMITED');
  expect((await server.ask(colleague, `DELETE keys/${json.id}`)).status).toBe(200);
});

test('a key whose requests take all of its places can still revoke', async () => {
  const { json } = await server.ask(other, 'POST keys', { name: 'stolen' });
  const discards: Promise<unknown>[] = [];
  await withHeld(server.get(tokens.deadLetters), 'discard', async (begun) => {
    for (let sent = 0; sent < 4; sent += 1) discards.push(server.ask(other, 'POST dead-letters/discard', { code: 'RATE_LIMITED' }));
    await expect.poll(begun).toBe(4);
    expect((await server.ask(other, 'GET keys')).json.title).toBe('OVERLOADED');
    expect((await server.ask(other, `DELETE keys/${json.id}`)).status).toBe(200);
  });
  await Promise.all(discards);
});
