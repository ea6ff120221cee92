import { expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { startAdminServer, type AdminAnswer, type AdminServer } from '../../../examples/hosted-server/test/admin/admin-server.ts';
import { callTool, post } from '../../../examples/hosted-server/test/mcp-requests.ts';
import { kinds } from '../../../packages/postgres/test/support/databases.ts';

test.each(kinds)('a tenant has exactly as many valid keys as it may have, however many it creates at once, on $kind', async ({ place }) => {
  await using stack = new AsyncDisposableStack();
  const at = await place();
  stack.defer(() => at.remove());
  const where = 'url' in at.options ? { DATABASE_URL: at.options.url } : { BUSBAR_DATA_DIR: at.options.folder };
  const settings = { ...where, BUSBAR_SECRET: 'long enough for a secret of a server', BUSBAR_KEYS_PER_TENANT: '10' };
  const first = await startAdminServer(stack, settings);
  const second = 'url' in at.options ? await startAdminServer(stack, settings) : first;
  const owner = await first.make({ tenant: 'acme', roles: ['owner'] });
  const valid = async () => {
    const { keys } = await first.get(tokens.apiKeys).list({ tenant: 'acme', limit: 100 });
    return keys.filter(({ revokedAt }) => revokedAt === undefined);
  };
  // As many at a time as a server runs for a key.
  const lanes = [...new Set([first, second])].flatMap((server) => Array<AdminServer>(4).fill(server));
  const make = async (by = owner) => {
    const answers: AdminAnswer[] = [];
    const lane = async (server: AdminServer) => {
      for (let index = 0; index < 40 / lanes.length; index += 1)
        answers.push(await server.ask(by, 'POST keys', { name: `key ${index}`, roles: ['owner'] }));
    };
    await Promise.all(lanes.map(lane));
    return answers.map(({ status, json }) => (status === 201 ? (json as { id: string; key: string }) : `${status} ${json.title}`));
  };

  const made = (await make()).filter((each) => typeof each !== 'string');
  expect(made).toHaveLength(9);
  expect(await valid()).toHaveLength(10);
  // A new owner brings no new room.
  expect(new Set(await make(made[0]?.key))).toEqual(new Set(['409 CONFLICT']));
  for (const { id } of made.slice(0, 2)) await first.ask(owner, `DELETE keys/${id}`);
  expect((await make()).filter((each) => typeof each !== 'string')).toHaveLength(2);
  expect(await valid()).toHaveLength(10);
  expect((await first.ask(first.key, 'POST keys', { name: 'of another tenant' })).status).toBe(201);
});

test('a tenant with many keys makes no more requests than one tenant may, and requests to the admin API count', async () => {
  await using stack = new AsyncDisposableStack();
  const { url, make, ask } = await startAdminServer(stack, { BUSBAR_TENANT_CALLS_PER_MINUTE: '10' });
  const owners = await Promise.all(Array.from({ length: 5 }, () => make({ tenant: 'acme', roles: ['owner'] })));
  const statuses: number[] = [];
  for (const key of owners) {
    statuses.push((await post(url, { authorization: `Bearer ${key}` })).status);
    statuses.push((await ask(key, 'GET keys')).status);
  }
  expect(statuses).toEqual(Array(10).fill(200));
  for (const key of owners) {
    expect((await post(url, { authorization: `Bearer ${key}` })).status).toBe(429);
    const refused = await ask(key, 'GET keys');
    expect(refused).toMatchObject({ status: 429, json: { title: 'RATE_LIMITED' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  const other = await make({ tenant: 'default' });
  expect(await callTool({ url, key: other }, 'zendesk_search_tickets', {})).toMatchObject({ isError: false });
});
