import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tokens } from '../../../examples/hosted-server/src/tokens.ts';
import { call, lanes, type Lane } from '../call-tool.ts';
import { startTwoTenants, type Tenant, type TwoTenants } from '../two-tenants.ts';
import { zendeskEvent } from '../../../examples/hosted-server/test/vendors/zendesk-event.ts';

const stack = new AsyncDisposableStack();
let server: TwoTenants;
beforeAll(async () => {
  server = await startTwoTenants(stack, { BUSBAR_REPEAT_WINDOW_MS: '60000' });
});
afterAll(() => stack.disposeAsync());

const as = (key: string) => ({ url: server.url, key });
const bothLanes = Object.keys(lanes) as Lane[];
const writes = ({ sandbox }: Tenant) => sandbox.requests.filter(({ method, path }) => method !== 'GET' && path.startsWith('/api/')).length;
/** All requests except the requests of the background checks. */
const requests = ({ sandbox }: Tenant) =>
  sandbox.requests.filter(({ path }) => path.startsWith('/api/') && path !== '/api/v2/users/me').length;
const create = (tenant: Tenant, subject: string, options: Parameters<typeof call>[3] = {}) =>
  call(as(tenant.user), 'zendesk_create_ticket', { subject, body: `It is ${subject}.` }, options);

describe.each(bothLanes)('on the %s lane', (lane) => {
  test('no name or id reaches another tenant’s connection', async () => {
    const { red, blue } = server;
    const { connections } = await server.get(tokens.connections).page('zendesk', { limit: 10 });
    const ids = connections.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    const before = requests(blue);
    const names = [
      ...ids,
      'blue',
      'blue / zendesk / blue',
      '*',
      '',
      '../blue',
      'default',
      '__proto__',
      '\u0000blue',
      ['blue'],
      { name: 'blue' },
    ];
    for (const connection of names) {
      const answer = await call(as(red.user), 'zendesk_search_tickets', { connection }, { lane });
      expect(['CONNECTION_NOT_FOUND', 'INVALID_INPUT'], JSON.stringify(connection)).toContain(answer.code);
      expect(answer.body.replaceAll(JSON.stringify(connection).slice(1, -1), '')).not.toContain('blue');
    }
    for (const meta of [{ 'busbar/connection': 'blue' }, { 'busbar/tenant': 'blue' }, { tenant: 'blue', principal: { tenant: 'blue' } }])
      expect((await call(as(red.user), 'zendesk_search_tickets', { text: 'a' }, { lane, meta })).code).toBe('fine');
    expect(requests(blue)).toBe(before);
  });

  test('a cursor is of no use to another tenant, another tool, other arguments, or after any change', async () => {
    const { red, blue } = server;
    const list = (key: string, cursor?: string, tool = 'zendesk_search_tickets') =>
      call(as(key), tool, { limit: 1, ...(cursor !== undefined && { cursor }) }, { lane });
    const first = await list(red.user);
    const cursor = String(first.structuredContent['nextCursor']);
    expect(cursor.length).toBeGreaterThan(20);
    expect((await list(red.user, cursor)).code).toBe('fine');
    expect((await list(red.owner, cursor)).code).toBe('fine');
    const before = requests(blue) + requests(red);
    expect((await list(blue.user, cursor)).code).toBe('INVALID_INPUT');
    expect((await call(as(red.user), 'zendesk_list_comments', { ticketId: 1, cursor }, { lane })).code).toBe('INVALID_INPUT');
    expect((await call(as(red.user), 'zendesk_list_events', { cursor }, { lane })).code).toBe('INVALID_INPUT');
    const flip = (at: number) => `${cursor.slice(0, at)}${cursor[at] === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`;
    // The last character may hold bits that no byte uses, so the one before it is changed.
    const places = [0, 1, Math.floor(cursor.length / 2), cursor.length - 2];
    const changed = [...places.map(flip), cursor.slice(0, -4), `${cursor}AAAA`, cursor.toLowerCase(), cursor + cursor, 'e30', '.', '..'];
    for (const other of changed) expect((await list(red.user, other)).code, other).toBe('INVALID_INPUT');
    expect(requests(blue) + requests(red)).toBe(before);
  });

  test('an idempotency key is the caller’s tenant’s own, for one tool and one set of arguments', async () => {
    const { red, blue } = server;
    const meta = { 'busbar/idempotencyKey': `shared-${lane}` };
    const [ofRed, ofBlue] = [await create(red, `keyed ${lane}`, { lane, meta }), await create(blue, `keyed ${lane}`, { lane, meta })];
    expect([ofRed.code, ofBlue.code]).toEqual(['fine', 'fine']);
    const idOf = ({ structuredContent }: typeof ofRed) => Number(structuredContent['id']);
    const subjectOf = (tenant: Tenant, id: number) => tenant.sandbox.tickets.get(id)?.subject;
    expect([subjectOf(red, idOf(ofRed)), subjectOf(blue, idOf(ofBlue))]).toEqual([`keyed ${lane}`, `keyed ${lane}`]);
    const before = [writes(red), writes(blue)];
    expect(idOf(await create(red, `keyed ${lane}`, { lane, meta }))).toBe(idOf(ofRed));
    expect((await create(red, `other ${lane}`, { lane, meta })).code).toBe('IDEMPOTENCY_CONFLICT');
    expect([writes(red), writes(blue)]).toEqual(before);
    const comment = { ticketId: idOf(ofRed), body: 'Under the same key.' };
    expect((await call(as(red.user), 'zendesk_add_comment', comment, { lane, meta })).code).toBe('fine');
    expect(writes(red)).toBe((before[0] ?? 0) + 1);
  });

  test('an equal write within the repeat window is a repetition only for the same key', async () => {
    const { red, blue } = server;
    const before = [writes(red), writes(blue)];
    for (const tenant of [red, blue, red, blue]) expect((await create(tenant, `repeated ${lane}`, { lane })).code).toBe('fine');
    const other = { subject: `repeated ${lane}`, body: `It is repeated ${lane}.` };
    expect((await call(as(red.owner), 'zendesk_create_ticket', other, { lane })).code).toBe('fine');
    expect([writes(red) - (before[0] ?? 0), writes(blue) - (before[1] ?? 0)]).toEqual([2, 1]);
  });

  test('a cached read is served to its own tenant alone', async () => {
    const { red, blue } = server;
    const reads = ({ sandbox }: Tenant) => sandbox.requests.filter(({ path }) => path.includes('ticket_fields')).length;
    for (const tenant of [red, blue]) {
      const before = [reads(red), reads(blue)];
      // The limit makes the inputs of the lanes differ, so that each lane begins with an empty cache.
      const input = { detail: lane === 'fast' ? 'full' : 'summary' };
      for (let n = 0; n < 3; n += 1) expect((await call(as(tenant.user), 'zendesk_list_ticket_fields', input, { lane })).code).toBe('fine');
      expect([reads(red) - (before[0] ?? 0), reads(blue) - (before[1] ?? 0)]).toEqual(tenant === red ? [1, 0] : [0, 1]);
    }
  });

  test('a key without a tool’s toolset neither sees nor calls it, by any spelling of its name', async () => {
    const narrow = await server.make({ tenant: 'red', toolsets: ['another'] });
    const before = requests(server.red);
    const name = 'zendesk_search_tickets';
    const spellings = [
      name,
      name.toUpperCase(),
      ` ${name}`,
      `${name} `,
      `${name}\u0000`,
      `zendesk.search_tickets`,
      `=?base64?${Buffer.from(name).toString('base64')}?=`,
    ];
    const unknown = await call(as(narrow), 'zendesk_none', { text: 'a' }, { lane });
    for (const spelling of [...spellings, [name], { toString: name }, 7, null, '__proto__', 'constructor', 'toString']) {
      const answer = await call(as(narrow), spelling, { text: 'a' }, { lane });
      expect([unknown.code, '-32602', '-32600'], JSON.stringify(spelling)).toContain(answer.code);
    }
    const own = await call(as(narrow), name, { text: 'a' }, { lane });
    expect(own.body.replaceAll(name, 'zendesk_none')).toBe(unknown.body);
    expect(requests(server.red)).toBe(before);
  });
});

test('a delivery for one tenant’s hook, signed with another’s secret or for another hook, is refused, and its events reach only its tenant', async () => {
  const { red, blue } = server;
  const records = server.get(tokens.connectionRecords);
  const hookOf = (tenant: string) => new URL(`/hooks/${records.find((record) => record.tenant === tenant)?.hook}`, server.url);
  const body = JSON.stringify(zendeskEvent('event-of-red', new Date().toISOString()));
  const timestamp = new Date().toISOString();
  const deliver = async (tenant: string, secret: string, more: Record<string, string> = {}, sent = body) => {
    const signature = createHmac('sha256', secret)
      .update(timestamp + body)
      .digest('base64');
    const signed = { 'x-zendesk-webhook-signature': signature, 'x-zendesk-webhook-signature-timestamp': timestamp };
    const headers = { 'content-type': 'application/json', ...signed, ...more };
    return (await fetch(hookOf(tenant), { method: 'POST', body: sent, headers })).status;
  };
  const secretOf = ({ sandbox }: Tenant) => sandbox.config.webhookSecret;
  expect(secretOf(red)).toBe(secretOf(blue));
  const wrong = 'another secret';
  expect(await deliver('red', wrong)).toBe(403);
  expect(await deliver('red', secretOf(red), { authorization: `Bearer ${server.key}` }, `${body} `)).toBe(403);
  expect(await deliver('red', secretOf(red), { 'x-zendesk-webhook-signature': '' })).toBe(403);
  expect(await deliver('red', secretOf(red), { 'x-zendesk-webhook-signature-timestamp': '2020-01-01T00:00:00Z' })).toBe(403);
  const events = async ({ user }: Tenant) => (await call(as(user), 'zendesk_list_events', {})).structuredContent['events'];
  expect([await events(red), await events(blue)]).toEqual([[], []]);
  expect(await deliver('red', secretOf(red))).toBe(204);
  expect([await events(red), await events(blue)]).toEqual([[expect.objectContaining({ id: 'event-of-red' })], []]);
});

test('the pages of an operator’s lists cannot be turned by an owner into those of another tenant', async () => {
  const { red, blue } = server;
  await Promise.all([create(red, 'a'), create(red, 'b'), create(blue, 'c'), create(blue, 'd')]);
  for (const path of ['calls?limit=1', 'keys?limit=1', 'usage?by=tenant,key,tool&limit=1', 'dead-letters?limit=1']) {
    const next = (await server.ask(server.key, `GET ${path}`)).json.next ?? (await server.ask(red.owner, `GET ${path}`)).json.next;
    const { status, text } = await server.ask(blue.owner, `GET ${path}&after=${encodeURIComponent(next ?? 'none')}`);
    expect([200, 400], path).toContain(status);
    expect(text).not.toContain('"red"');
  }
});

test('health and metrics name no tenant, key or connection', async () => {
  const { keys } = (await server.ask(server.key, 'GET keys')).json;
  const pages = ['/health', '/health/ready', '/health/detailed', '/metrics'];
  const texts = await Promise.all(
    pages.map(async (path) => (await fetch(new URL(path, server.url), { headers: { authorization: `Bearer ${server.red.user}` } })).text()),
  );
  for (const word of ['red', 'blue', ...keys.map(({ id }: { id: string }) => id)])
    expect(texts.join('\n')).not.toMatch(new RegExp(`\\b${word}\\b`));
});
