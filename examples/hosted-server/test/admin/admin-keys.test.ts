import { ToolError } from '@busbar/core';
import { exportAudit } from '@busbar/postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tokens } from '../../src/tokens.ts';
import { startAdminServer, type AdminServer } from './admin-server.ts';
import { post } from '../mcp-requests.ts';

const stack = new AsyncDisposableStack();
let server: AdminServer;
let owner: string;
beforeAll(async () => {
  server = await startAdminServer(stack);
  owner = await server.make({ tenant: 'acme', name: 'owner of acme', roles: ['owner'] });
});
afterAll(() => stack.disposeAsync());

/** The audit entries about a key. */
async function audited(id: string): Promise<{ event: string }[]> {
  const entries: { event: string; subject?: string }[] = [];
  for await (const line of exportAudit(server.get(tokens.database))) {
    const { entries: lines } = JSON.parse(line) as { entries?: string };
    entries.push(...(lines ?? '').split('\n').flatMap((entry) => (entry === '' ? [] : [JSON.parse(entry) as (typeof entries)[0]])));
  }
  return entries.filter(({ subject }) => subject === id);
}

test('the first key of a database is an owner and an operator', async () => {
  const { json } = await server.ask(server.key, 'GET keys?tenant=default');
  expect(json.keys[0]).toMatchObject({ id: 'key_first', tenant: 'default', roles: ['owner', 'operator'] });
});

test('an owner creates a key of its tenant that is valid at once and in the audit', async () => {
  const { status, headers, json } = await server.ask(owner, 'POST keys', { name: ' laptop ', roles: ['support'], toolsets: ['tickets'] });
  expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
  expect(json.key).toMatch(/^bb_/);
  expect((await post(server.url, { authorization: `Bearer ${json.key}` })).status).toBe(200);
  const listed = (await server.ask(owner, 'GET keys')).json.keys.find(({ id }: { id: string }) => id === json.id);
  expect(listed).toMatchObject({ tenant: 'acme', name: 'laptop', roles: ['support'], toolsets: ['tickets'], prefix: json.key.slice(0, 9) });
  expect(Date.parse(listed.lastUsedAt)).toBeGreaterThanOrEqual(Date.parse(listed.createdAt));
  expect(await audited(json.id)).toMatchObject([{ event: 'key.created', tenant: 'acme', address: expect.stringContaining('127.0.0.1') }]);
});

test('a list never shows a key, nor its hash', async () => {
  const { text } = await server.ask(server.key, 'GET keys');
  expect(text).not.toContain(server.key.slice(9));
  expect(text).not.toMatch(/[0-9a-f]{64}/);
});

test('lists page by page', async () => {
  const all: string[] = [];
  let after = '';
  do {
    const { json } = await server.ask(server.key, `GET keys?limit=1${after && `&after=${after}`}`);
    expect(json.keys).toHaveLength(1);
    all.push(json.keys[0].id);
    after = json.next ?? '';
  } while (after);
  const whole = (await server.ask(server.key, 'GET keys')).json.keys.map(({ id }: { id: string }) => id);
  expect(all).toEqual(whole);
  expect(new Set(all).size).toBeGreaterThan(1);
});

test('a revoked key is refused by a server that has not cached it, listed as revoked, and in the audit', async () => {
  const { json: made } = await server.ask(owner, 'POST keys', { name: 'short' });
  expect(await server.ask(owner, `DELETE keys/${made.id}`)).toMatchObject({ status: 200, json: { made: [], more: false } });
  expect((await post(server.url, { authorization: `Bearer ${made.key}` })).status).toBe(401);
  const { json } = await server.ask(owner, 'GET keys');
  expect(json.keys.find(({ id }: { id: string }) => id === made.id)).toHaveProperty('revokedAt');
  expect(await audited(made.id)).toMatchObject([{ event: 'key.created' }, { event: 'key.revoked', tenant: 'acme' }]);
  expect(await server.ask(owner, `DELETE keys/${made.id}`)).toMatchObject({ status: 404 });
  expect(await server.ask(owner, 'DELETE keys/key_unheard-of')).toMatchObject({ status: 404 });
});

test('an operator creates and revokes keys of any tenant', async () => {
  const { status, json } = await server.ask(server.key, 'POST keys', { tenant: 'globex', name: 'theirs', roles: ['owner'] });
  expect(status).toBe(201);
  expect((await server.ask(json.key, 'GET keys')).json.keys).toMatchObject([{ tenant: 'globex' }]);
  expect((await server.ask(server.key, `DELETE keys/${json.id}`)).status).toBe(200);
});

test('no key grants more than it has: another tenant, the operator role, toolsets beyond its own', async () => {
  expect((await server.ask(owner, 'POST keys', { tenant: 'default', name: 'x' })).status).toBe(403);
  expect((await server.ask(owner, 'POST keys', { name: 'x', roles: ['operator'] })).status).toBe(403);
  const narrow = await server.make({ tenant: 'acme', roles: ['owner'], toolsets: ['tickets'] });
  expect(await server.ask(narrow, 'POST keys', { name: 'x', toolsets: ['tickets', 'admin'] })).toMatchObject({ status: 403 });
  const { json } = await server.ask(narrow, 'POST keys', { name: 'inherits' });
  expect(await server.get(tokens.apiKeys).get(json.id)).toMatchObject({ toolsets: ['tickets'] });
});

test('an owner cannot revoke an operator key of its own tenant', async () => {
  const colleague = await server.make({ tenant: 'default', roles: ['owner'] });
  expect(await server.ask(colleague, 'DELETE keys/key_first')).toMatchObject({ status: 403 });
  expect((await server.get(tokens.apiKeys).get('key_first'))?.revokedAt).toBeUndefined();
});

test('an action that cannot be audited is not done', async () => {
  await using own = new AsyncDisposableStack();
  const { ask, key, get } = await startAdminServer(own);
  const databaseDown = new ToolError('UNAVAILABLE', 'The database is down. Try again shortly.');
  Object.assign(get(tokens.audit), { record: () => Promise.reject(databaseDown) });
  expect((await ask(key, 'POST keys', { name: 'unseen' })).status).toBe(503);
  expect((await ask(key, 'DELETE keys/key_first')).status).toBe(503);
  const { keys } = await get(tokens.apiKeys).list({ limit: 10 });
  expect(keys.filter(({ revokedAt }) => revokedAt === undefined).map(({ id }) => id)).toEqual(['key_first']);
});
