import { expect, test } from 'vitest';
import { localPrincipal, memoryConnections, type ConnectionRecord } from '../../src/index.ts';

const acme = { tenant: 'acme', id: 'key-1', roles: [] };

test('lists the tenant’s connections and the caller’s own, and no others', async () => {
  const connections = memoryConnections([
    { connector: 'zendesk', tenant: 'acme', name: 'shared', config: {} },
    { connector: 'zendesk', tenant: 'acme', name: 'mine', user: 'key-1', config: {} },
    { connector: 'zendesk', tenant: 'acme', name: 'hers', user: 'key-2', config: {} },
    { connector: 'zendesk', tenant: 'other', name: 'shared', config: {} },
    { connector: 'salesforce', tenant: 'acme', name: 'shared', config: {} },
  ]);
  const names = (await connections.list(acme, 'zendesk')).map(({ tenant, name }) => `${tenant}/${name}`);
  expect(names.sort()).toEqual(['acme/mine', 'acme/shared']);
  expect(await connections.list(acme, 'nothing')).toEqual([]);
});

test('a record without names belongs to the local principal', async () => {
  const connections = memoryConnections([{ connector: 'hello', config: { greeting: 'Hi' } }]);
  expect(await connections.list(localPrincipal, 'hello')).toMatchObject([
    { tenant: 'local', name: 'default', config: { greeting: 'Hi' }, version: expect.any(String) },
  ]);
});

test('makes ids that are the same on every start and reveal nothing', async () => {
  const records = [{ connector: 'zendesk', tenant: 'acme', name: 'production', config: {} }];
  const [first] = await memoryConnections(records).list(acme, 'zendesk');
  const [again] = await memoryConnections(records).list(acme, 'zendesk');
  expect(first?.id).toBe(again?.id);
  expect(first?.id).toMatch(/^[a-z0-9]{25}$/);
  expect(await memoryConnections(records).get(first?.id ?? '')).toEqual(first);
});

test('finds connections by id and by hook, and no others', async () => {
  const connections = memoryConnections([{ connector: 'sendgrid', id: 'conn-1', hook: 'unguessable', config: {} }]);
  expect((await connections.get('conn-1'))?.connector).toBe('sendgrid');
  expect((await connections.byHook('unguessable'))?.id).toBe('conn-1');
  expect(await connections.get('conn-2')).toBeUndefined();
  expect(await connections.byHook('guess')).toBeUndefined();
});

test('pages through a connector’s connections, each once', async () => {
  const records = Array.from({ length: 7 }, (_, n) => ({ connector: 'zendesk', tenant: `t${n}`, config: {} }));
  const connections = memoryConnections([...records, { connector: 'hello', config: {} }]);
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await connections.page('zendesk', { limit: 3, after });
    expect(page.connections.length).toBeLessThanOrEqual(3);
    seen.push(...page.connections.map(({ tenant }) => tenant));
    after = page.next;
  } while (after !== undefined);
  expect(seen.sort()).toEqual(records.map(({ tenant }) => tenant));
});

test.each<[string, ConnectionRecord[]]>([
  [
    'id',
    [
      { connector: 'a', id: 'x', config: {} },
      { connector: 'b', id: 'x', config: {} },
    ],
  ],
  [
    'hook',
    [
      { connector: 'a', hook: 'x', config: {} },
      { connector: 'b', hook: 'x', config: {} },
    ],
  ],
  [
    'name',
    [
      { connector: 'a', id: '1', config: {} },
      { connector: 'a', id: '2', config: {} },
    ],
  ],
  [
    'default',
    [
      { connector: 'a', name: '1', isDefault: true, config: {} },
      { connector: 'a', name: '2', isDefault: true, config: {} },
    ],
  ],
])('refuses two of the same %s', (what, records) => {
  expect(() => memoryConnections(records)).toThrow(new RegExp(`same ${what}`));
});

test('refuses more than 100 connections of one tenant and connector', () => {
  const records = (count: number) => Array.from({ length: count }, (_, n) => ({ connector: 'zendesk', name: `c${n}`, config: {} }));
  expect(() => memoryConnections(records(101))).toThrow('100 is the most');
  expect(() => memoryConnections(records(100))).not.toThrow();
});
