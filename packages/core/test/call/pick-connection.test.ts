import { expect, test } from 'vitest';
import type { Connection } from '../../src/index.ts';
import { pickConnection } from '../../src/call/pick-connection.ts';

const connection = (name: string, more: Partial<Connection> = {}): Connection => ({
  id: name,
  tenant: 'mine',
  connector: 'acme',
  name,
  config: {},
  version: '1',
  ...more,
});

test('a store that returns too many connections does not open those of other tenants or users', () => {
  const tooMany = [connection('theirs', { tenant: 'other' }), connection('hers', { user: 'eve' })];
  const me = { tenant: 'mine', id: 'ada', roles: [] };
  for (const name of ['theirs', 'hers', undefined]) {
    expect(() => pickConnection(tooMany, me, 'acme', name)).toThrow(
      expect.objectContaining({ code: 'CONNECTION_NOT_FOUND', message: expect.not.stringMatching(/theirs|hers/) as string }),
    );
  }
});

test('an id takes precedence over names and defaults, and opens no other tenant’s connection', () => {
  const store = [connection('first', { isDefault: true }), connection('second'), connection('theirs', { tenant: 'other' })];
  const me = { tenant: 'mine', id: 'ada', roles: [] };
  for (const name of ['first', 'gone', undefined])
    expect(pickConnection(store, me, 'acme', name, 'second')).toMatchObject({ id: 'second' });
  for (const id of ['theirs', 'gone'])
    expect(() => pickConnection(store, me, 'acme', 'first', id)).toThrow(
      expect.objectContaining({ code: 'CONNECTION_NOT_FOUND', message: expect.stringContaining('no longer exists') as string }),
    );
});
