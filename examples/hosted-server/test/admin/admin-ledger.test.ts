import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyAudit } from '@busbar/postgres';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { tokens } from '../../src/tokens.ts';
import { startAdminServer, type AdminServer } from './admin-server.ts';
import { callTool } from '../mcp-requests.ts';

const creates = 'POST /api/v2/tickets';
const stack = new AsyncDisposableStack();
let server: AdminServer;
/** The owner of the tenant `default`, which has calls and dead letters, and the owner of `acme`, which has none. */
let owner: string;
let stranger: string;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-usage-policy-'));
  stack.defer(async () => rmSync(folder, { recursive: true, force: true }));
  const fileOf = (name: string, content: unknown): string => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  server = await startAdminServer(stack, {
    BUSBAR_QUOTAS: fileOf('quotas.json', [
      { of: 'calls', limit: 100, per: 'month', each: 'tenant' },
      { of: 'money', limit: '25.00', per: 'month', each: 'key' },
      { of: 'calls', limit: 50, per: 'month', each: 'tool', where: { tenant: 'default', tool: 'zendesk_create_ticket' } },
      { of: 'calls', limit: 70, per: 'month', each: 'tenant', where: { tenant: 'default', connector: 'zendesk' } },
    ]),
    BUSBAR_PRICES: fileOf('prices.json', [{ tool: 'zendesk_create_ticket', perCall: '0.02' }]),
  });
  owner = await server.make({ roles: ['owner'] });
  stranger = await server.make({ tenant: 'acme', roles: ['owner'] });
  for (let n = 0; n < 3; n += 1) await server.createTicket(owner);
  await failOne(owner);
});
afterAll(() => stack.disposeAsync());

/** Makes a call that the vendor refuses for now. Returns the id of its dead letter. */
async function failOne(key: string): Promise<string> {
  server.sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '0' }, match: creates, times: 100 });
  expect(await server.createTicket(key)).toMatchObject({ isError: true, text: expect.stringContaining('RATE_LIMITED') });
  server.sandbox.recover();
  return (await server.ask(key, 'GET dead-letters?limit=1')).json.letters[0].id;
}

test('usage is summed by group, with its cost, in pages', async () => {
  const { status, json } = await server.ask(owner, 'GET usage?by=tool,key');
  expect(status).toBe(200);
  expect(json.rows).toMatchObject([
    { group: { tool: 'zendesk_create_ticket', key: expect.stringMatching(/^key_/) }, calls: 4, charged: 3, failed: 1, cost: '0.060000' },
  ]);
  expect((await server.ask(owner, 'GET usage?by=')).json.rows).toHaveLength(1);
  const month = new Date().toISOString().slice(0, 7);
  expect((await server.ask(owner, 'GET usage')).json.rows[0].group.day).toContain(month);
  expect((await server.ask(owner, 'GET usage?until=2020-02-01&from=2020-01-01')).json.rows).toEqual([]);
});

test.each([
  ['by=hour', /by\.0: must be any of day, tenant/],
  ['from=2020-01-01&until=2019-01-01', /The range is empty/],
  ['from=2020-01-01', /longer than 400 days/],
  ['after=nonsense', /does not belong to this list/],
  ['from=2020-01-01&format=csv', /longer than 400 days/],
])('usage of %s is refused with the reason', async (query, detail) => {
  expect(await server.ask(owner, `GET usage?${query}`)).toMatchObject({ status: 400, json: { detail: expect.stringMatching(detail) } });
});

test('usage downloads as CSV, by the query or by Accept', async () => {
  const { headers, text } = await server.ask(owner, 'GET usage?by=tool&format=csv');
  expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(headers.get('content-disposition')).toContain('usage.csv');
  const [names, row, end] = text.split('\r\n');
  expect(names).toMatch(/^tool,calls,charged,replays,failed,units,cost,/);
  expect(row).toMatch(/^zendesk_create_ticket,4,3,0,1,3,0\.060000,/);
  expect(end).toBe('');
  expect((await server.ask(owner, 'GET usage?by=tool', undefined, { accept: 'text/csv' })).text).toBe(text);
});

test('calls are listed newest first, page by page', async () => {
  expect((await server.ask(owner, 'GET calls?status=unknown')).json).toEqual({ calls: [] });
  expect((await server.ask(owner, 'GET calls?status=lost')).status).toBe(400);
  const first = (await server.ask(owner, 'GET calls?limit=2')).json;
  expect(first.calls).toMatchObject([
    { tenant: 'default', status: 'failed', code: 'RATE_LIMITED', charged: false, price: '0.000000' },
    { status: 'executed', charged: true, price: '0.020000' },
  ]);
  const second = (await server.ask(owner, `GET calls?limit=2&after=${first.next}`)).json;
  expect(new Set([...first.calls, ...second.calls].map(({ callId }) => callId)).size).toBe(4);
  expect(second).not.toHaveProperty('next');
});

test('quotas are listed with their current use: of the tenant, of each valid key, of a tool', async () => {
  const { json } = await server.ask(owner, 'GET quotas');
  expect(json).toMatchObject({ tenant: 'default', more: false });
  const [tenant, ...others] = json.quotas;
  expect(tenant).toMatchObject({
    of: 'calls',
    each: 'tenant',
    limit: '100',
    used: '3',
    endsAt: expect.stringMatching(/-01T00:00:00\.000Z$/),
  });
  const keys = others.filter(({ each }: { each: string }) => each === 'key');
  expect(keys.map(({ limit, used }: { limit: string; used: string }) => `${used} of ${limit}`).sort()).toEqual([
    '0.000000 of 25.000000',
    '0.060000 of 25.000000',
  ]);
  expect(others.at(-1)).toMatchObject({ each: 'tenant', where: { connector: 'zendesk' }, limit: '70', used: '3' });
  expect(others.at(-2)).toMatchObject({ each: 'tool', whom: 'zendesk_create_ticket', limit: '50', used: '3' });
  const theirs = (await server.ask(server.key, 'GET quotas?tenant=acme')).json;
  expect(theirs.quotas.map(({ each, used }: { each: string; used: string }) => `${each} ${used}`)).toEqual(['tenant 0', 'key 0.000000']);
});

test('only operators can export the audit, and the export can be verified', async () => {
  const { status, headers, text } = await server.ask(server.key, 'GET audit');
  expect([status, headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
  const lines = text.trimEnd().split('\n');
  expect(await verifyAudit(() => lines)).toMatchObject({ problems: [] });
  expect(text).toContain('call.admitted');
  const { json } = await server.ask(server.key, 'GET audit/verify');
  expect(json).toMatchObject({ problems: [] });
  expect(json.links).toBeGreaterThan(0);
  const none = await server.ask(server.key, 'GET audit?from=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z');
  expect(none.text).not.toContain('call.admitted');
  for (const path of ['audit', 'audit/verify', 'reconcile'])
    expect(await server.ask(owner, `GET ${path}`)).toMatchObject({ status: 403, json: { detail: expect.stringContaining('"operator"') } });
});

test('ledger, quotas and audit agree, and a row changed by hand is named', async () => {
  expect((await server.ask(server.key, 'GET reconcile')).json).toMatchObject({ calls: expect.any(Number), problems: [] });
  const { db } = server.get(tokens.database);
  const { call_id: callId } = await db.selectFrom('calls').select('call_id').where('status', '=', 'executed').executeTakeFirstOrThrow();
  await db.updateTable('calls').set({ price: 1 }).where('call_id', '=', callId).execute();
  const { problems } = (await server.ask(server.key, 'GET reconcile')).json;
  await db.updateTable('calls').set({ price: 20_000 }).where('call_id', '=', callId).execute();
  expect(problems.join()).toContain(callId);
});

test('a call that the metrics count but the ledger does not have is named', async () => {
  const { call } = server.get(tokens.observer);
  const event = { callId: 'c', tenant: 't', connector: 'zendesk', tool: 'zendesk_get_ticket', effect: 'read', status: 'executed' } as const;
  call?.({ ...event, startedAt: 0, durationMs: 1, upstreamRequests: 1, keyed: false, attempts: [] });
  const { problems } = (await server.ask(server.key, 'GET reconcile')).json;
  expect(problems).toEqual([expect.stringContaining('zendesk_get_ticket executed: the metrics count')]);
});

test('one check of the records runs at a time', async () => {
  const keys = server.get(tokens.apiKeys);
  const { use } = keys;
  const operator = await use(server.key);
  // The embedded database has one connection, which the test holds, and the check of a key would wait for it.
  Object.assign(keys, { use: async () => operator });
  onTestFinished(() => void Object.assign(keys, { use }));
  const held = Promise.withResolvers<void>();
  const holding = server
    .get(tokens.database)
    .db.transaction()
    .execute(() => held.promise);
  const both = [server.ask(server.key, 'GET reconcile'), server.ask(server.key, 'GET audit/verify')];
  expect(await Promise.race(both)).toMatchObject({ status: 503, json: { title: 'OVERLOADED' } });
  held.resolve();
  await holding;
  expect((await Promise.all(both)).map(({ status }) => status)).toEqual(expect.arrayContaining([200, 503]));
  expect((await server.ask(server.key, 'GET reconcile')).status).toBe(200);
});

test('an altered audit is reported', async () => {
  await using own = new AsyncDisposableStack();
  const { ask, key, get } = await startAdminServer(own);
  await ask(key, 'POST keys', { name: 'audited' });
  const { db } = get(tokens.database);
  await db.updateTable('audit_links').set({ entries: '{"event":"key.created","at":"2026-01-01T00:00:00.000Z"}' }).execute();
  expect((await ask(key, 'GET audit/verify')).json.problems).not.toEqual([]);
});

test('a dead letter is listed without its arguments, and shown with them to its tenant', async () => {
  const { letters } = (await server.ask(owner, 'GET dead-letters?code=RATE_LIMITED')).json;
  expect(letters).toMatchObject([{ tenant: 'default', tool: 'zendesk_create_ticket', code: 'RATE_LIMITED', attempts: 1, keyed: false }]);
  expect(JSON.stringify(letters)).not.toContain('very-private');
  const { json } = await server.ask(owner, `GET dead-letters/${letters[0].id}`);
  expect(json).toMatchObject({ id: letters[0].id, arguments: { body: 'It is very-private.' } });
  expect((await server.ask(owner, 'GET dead-letters?tool=other')).json.letters).toEqual([]);
  expect((await server.ask(owner, 'GET dead-letters?after=x')).status).toBe(400);
});

test('a replayed dead letter creates its ticket once, and call and replay are in the audit', async () => {
  const id = await failOne(owner);
  const made = () => server.sandbox.requests.filter(({ route }) => route === creates).length;
  const before = made();
  const replay = async () => (await server.ask(owner, 'POST dead-letters/replay', { ids: [id] })).json;
  expect(await replay()).toMatchObject({ letters: [{ id, outcome: 'done', kept: false }], counts: { done: 1 }, more: false });
  expect(made()).toBe(before + 1);
  expect(await replay()).toMatchObject({ letters: [], counts: { done: 0 } });
  expect(made()).toBe(before + 1);
  const { text } = await server.ask(server.key, 'GET audit');
  expect(text).toContain('dead-letters.replay');
  expect(text).not.toContain('hush-hush-hush');
});

test('a dead letter of a revoked key is not replayed', async () => {
  const leaving = await server.make({ roles: ['owner'] });
  const id = await failOne(leaving);
  const { letters } = (await server.ask(leaving, 'GET dead-letters?limit=1')).json;
  await server.ask(server.key, `DELETE keys/${letters[0].principal}`);
  const { json } = await server.ask(server.key, 'POST dead-letters/replay', { ids: [id] });
  expect(json.letters).toEqual([{ id, outcome: 'refused', kept: true }]);
  expect((await server.ask(server.key, 'POST dead-letters/discard', { ids: [id] })).json).toEqual({ discarded: 1 });
});

test('dead letters are discarded by shared properties, and never all by mistake', async () => {
  await failOne(owner);
  expect(await server.ask(owner, 'POST dead-letters/discard', {})).toMatchObject({
    status: 400,
    json: { detail: expect.stringContaining('must select dead letters') },
  });
  expect((await server.ask(owner, 'POST dead-letters/discard', { tool: 'other' })).json).toEqual({ discarded: 0 });
  const { discarded } = (await server.ask(owner, 'POST dead-letters/discard', { tool: 'zendesk_create_ticket' })).json;
  expect(discarded).toBeGreaterThan(0);
  expect((await server.ask(owner, 'GET dead-letters')).json.letters).toEqual([]);
});

test('no route shows or changes anything of another tenant', async () => {
  const letter = await failOne(owner);
  const { calls } = (await server.ask(owner, 'GET calls')).json;
  // The requests to each route, and the status of the refusal; or 200 with an empty list.
  const walks: Record<string, readonly (readonly [path: string, status: number, body?: unknown])[]> = {
    'get /admin/v1/keys': [
      ['keys', 200],
      ['keys?tenant=default', 403],
    ],
    'post /admin/v1/keys': [['keys', 403, { name: 'x', tenant: 'default' }]],
    'delete /admin/v1/keys/{id}': [
      ['keys/key_first', 404],
      [`keys/${calls[0].key}`, 404],
    ],
    'get /admin/v1/quotas': [
      ['quotas', 200],
      ['quotas?tenant=default', 403],
    ],
    'get /admin/v1/usage': [
      ['usage?by=tenant,key', 200],
      ['usage?tenant=default', 403],
      ['usage?by=tenant,key&format=csv', 200],
      ['usage?format=csv&tenant=default', 403],
    ],
    'get /admin/v1/calls': [
      ['calls', 200],
      ['calls?tenant=default', 403],
    ],
    'get /admin/v1/audit': [['audit', 403]],
    'get /admin/v1/reconcile': [['reconcile', 403]],
    'get /admin/v1/audit/verify': [['audit/verify', 403]],
    'get /admin/v1/dead-letters': [
      ['dead-letters', 200],
      ['dead-letters?tenant=default', 403],
    ],
    'get /admin/v1/dead-letters/{id}': [[`dead-letters/${letter}`, 404]],
    'post /admin/v1/dead-letters/replay': [
      ['dead-letters/replay', 200, { ids: [letter] }],
      ['dead-letters/replay', 403, { ids: [letter], tenant: 'default' }],
    ],
    'post /admin/v1/dead-letters/discard': [
      ['dead-letters/discard', 200, { ids: [letter] }],
      ['dead-letters/discard', 403, { tenant: 'default' }],
    ],
  };
  const { paths } = (await server.ask(stranger, 'GET openapi.json')).json as { paths: Record<string, object> };
  const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  expect(Object.keys(walks).sort()).toEqual(described.sort());

  const before = await everything();
  for (const [route, requests] of Object.entries(walks))
    for (const [path, expected, body] of requests) {
      const { status, text } = await server.ask(stranger, `${route.split(' ')[0]?.toUpperCase()} ${path}`, body);
      expect([path, status]).toEqual([path, expected]);
      for (const secret of ['default"', 'default,', calls[0].key, calls[0].callId, 'very-private', 'zendesk_create_ticket,'])
        expect(text).not.toContain(secret);
    }
  expect(await everything()).toEqual(before);
});

/** All data that an owner of another tenant must not change. */
async function everything(): Promise<unknown> {
  const { db } = server.get(tokens.database);
  return {
    keys: await db.selectFrom('api_keys').select(['id', 'revoked_at']).where('tenant', '=', 'default').orderBy('id').execute(),
    letters: await db.selectFrom('dead_letters').select(['id', 'attempts']).execute(),
    calls: await db.selectFrom('calls').select('call_id').orderBy('call_id').execute(),
  };
}

test('a download stops reading when its client disconnects', async () => {
  await using own = new AsyncDisposableStack();
  const returned = Promise.withResolvers<string>();
  const { url, key } = await startAdminServer(own, {}, ({ provide }) => {
    async function* endless() {
      try {
        for (;;) yield 'x'.repeat(100_000);
      } finally {
        returned.resolve('returned');
      }
    }
    const unused = () => Promise.reject(new Error('not used'));
    provide(tokens.usage, () => ({ report: unused, calls: unused, csv: endless }));
  });
  const sent = request(new URL('/admin/v1/usage?format=csv', url), { headers: { authorization: `Bearer ${key}` } }).end();
  const [response] = await once(sent, 'response');
  await once(response, 'data');
  response.destroy();
  await expect(returned.promise).resolves.toBe('returned');
});

test('a replay ends when its client disconnects, and its call is cancelled', async () => {
  const id = await failOne(owner);
  server.sandbox.misbehave({ kind: 'hang', match: creates, times: 100 });
  const leaving = new AbortController();
  const replay = fetch(new URL('/admin/v1/dead-letters/replay', server.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${owner}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ids: [id] }),
    signal: leaving.signal,
  });
  await server.sandbox.received(creates, server.sandbox.requests.filter(({ route }) => route === creates).length + 1);
  leaving.abort();
  await expect(replay).rejects.toThrow(/abort/);
  const newest = async () => (await server.ask(owner, 'GET calls?limit=1')).json.calls[0].status;
  await expect.poll(newest, { timeout: 10_000 }).toBe('unknown');
  server.sandbox.recover();
});

test('the key of an operator can call tools', async () => {
  expect(await callTool({ url: server.url, key: server.key }, 'zendesk_search_tickets', {})).toMatchObject({ isError: false });
});
