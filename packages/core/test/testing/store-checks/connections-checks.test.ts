import { describe, expect, test } from 'vitest';
import { memoryConnections, type Connection, type ConnectionRecord, type Connections } from '../../../src/index.ts';
import { connectionsChecks } from '../../../src/testing/index.ts';
import { failedChecks } from './failed-checks.ts';

const close = async (): Promise<void> => {};

type Open = (records: readonly ConnectionRecord[]) => Connections;

/** A store in memory with changes to its methods. */
const changed =
  (change: (inner: Connections, records: readonly ConnectionRecord[]) => Partial<Connections>): Open =>
  (records) => {
    const inner = memoryConnections(records);
    return { ...inner, ...change(inner, records) };
  };

const withoutHook = ({ hook: _, ...connection }: Connection): Connection => connection;

const brokenStores: readonly (readonly [fault: string, finds: string, open: Open])[] = [
  [
    'compares tenants without their case',
    'lists the connections of the caller’s tenant to the connector, and no others',
    changed((inner) => ({
      list: (principal, connector) => inner.list({ ...principal, tenant: principal.tenant.toLowerCase() }, connector),
    })),
  ],
  [
    'lists the connections of all users',
    'lists a user’s own connections for that user alone',
    changed((inner) => ({
      list: async ({ tenant }, connector) =>
        (await inner.page(connector, { limit: 1_000 })).connections.filter((one) => one.tenant === tenant),
    })),
  ],
  [
    'lists one page',
    'lists all of a hundred connections',
    changed((inner) => ({ list: async (...caller) => (await inner.list(...caller)).slice(0, 50) })),
  ],
  [
    'leaves a field out',
    'returns a connection as it was stored, from each of its methods',
    changed((inner) => ({ list: async (...caller) => (await inner.list(...caller)).map(withoutHook) })),
  ],
  [
    'compares hooks without their case',
    'finds nothing under another id or hook',
    changed((_inner, records) => {
      const lower = memoryConnections(
        records.map(({ hook, ...rest }) => ({ ...rest, ...(hook !== undefined && { hook: hook.toLowerCase() }) })),
      );
      return { byHook: (hook) => lower.byHook(hook.toLowerCase()) };
    }),
  ],
  [
    'begins each page at the last connection of the page before',
    'pages through all connections of a connector, each once, in pages of any size',
    changed((inner) => ({
      page: async (connector, { limit, after }) => {
        const all = (await inner.page(connector, { limit: 1_000 })).connections;
        const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after);
        const connections = all.slice(from, from + limit);
        const last = connections.at(-1);
        return { connections, ...(last && from + limit < all.length && { next: last.id }) };
      },
    })),
  ],
  [
    'makes a new version on each reading',
    'keeps the id and the version of a connection, in every replica',
    changed((inner) => {
      let reads = 0;
      return { list: async (...caller) => (await inner.list(...caller)).map((one) => ({ ...one, version: String((reads += 1)) })) };
    }),
  ],
  [
    'has one version for all settings',
    'gives changed settings another version',
    (records) => memoryConnections(records.map((record) => ({ ...record, version: '1' }))),
  ],
];

describe('the checks find', () => {
  test.each(brokenStores)('a store of connections that %s', async (_fault, finds, open) => {
    expect(await failedChecks(connectionsChecks(async (records) => ({ first: open(records), close })))).toContain(finds);
  });

  test('at least one broken variant for each guarantee', () => {
    const names = connectionsChecks(() => Promise.reject(new Error('not opened'))).map(({ name }) => name);
    const found = new Set(brokenStores.map(([, finds]) => finds));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});

test.each(connectionsChecks(async (records) => ({ first: memoryConnections(records), second: memoryConnections(records), close })))(
  'a store of connections in memory $name',
  async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  },
);
