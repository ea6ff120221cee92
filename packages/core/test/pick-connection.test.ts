import { expect, test } from 'vitest';
import type { Connection, Connections } from '../src/index.ts';
import { pickConnection } from '../src/middleware/pick-connection.ts';

const connection = (name: string, more: Partial<Connection> = {}): Connection => ({
  id: name,
  tenant: 'mine',
  connector: 'acme',
  name,
  config: {},
  version: '1',
  ...more,
});

test('a store that gives too much does not open other tenants’ or users’ connections', async () => {
  const careless = {
    list: async () => [connection('theirs', { tenant: 'other' }), connection('hers', { user: 'eve' })],
  } satisfies Partial<Connections> as unknown as Connections;
  const me = { tenant: 'mine', id: 'ada', roles: [] };
  for (const name of ['theirs', 'hers', undefined]) {
    await expect(pickConnection(careless, me, 'acme', name)).rejects.toMatchObject({
      code: 'CONNECTION_NOT_FOUND',
      message: expect.not.stringMatching(/theirs|hers/) as string,
    });
  }
});

test('an id outweighs names and defaults, and opens no other tenant’s connection', async () => {
  const store = {
    list: async () => [connection('first', { isDefault: true }), connection('second'), connection('theirs', { tenant: 'other' })],
  } satisfies Partial<Connections> as unknown as Connections;
  const me = { tenant: 'mine', id: 'ada', roles: [] };
  for (const name of ['first', 'gone', undefined])
    expect(await pickConnection(store, me, 'acme', name, 'second')).toMatchObject({ id: 'second' });
  for (const id of ['theirs', 'gone'])
    await expect(pickConnection(store, me, 'acme', 'first', id)).rejects.toMatchObject({
      code: 'CONNECTION_NOT_FOUND',
      message: expect.stringContaining('is gone') as string,
    });
});
