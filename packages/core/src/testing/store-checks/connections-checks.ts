import assert from 'node:assert/strict';
import type { ConnectionRecord } from '../../memory/connections.ts';
import type { Connection, Connections } from '../../ports/connections.ts';
import type { OpenedStore, StoreCheck } from '../store-check.ts';
import { sharedChecks, type SharedGuarantee } from './shared-guarantee.ts';

const caller = (tenant: string, id = 'key-1') => ({ tenant, id, roles: [] });

const names = (connections: readonly Connection[]): string[] => connections.map(({ tenant, name }) => `${tenant}/${name}`).sort();

/** A record of the connector `desk`, unless it names another. */
const record = (tenant: string, name: string, more: Partial<ConnectionRecord> = {}): ConnectionRecord => ({
  connector: 'desk',
  tenant,
  name,
  config: { token: `token of ${tenant}/${name}`, limits: [1, null, { deep: true }] },
  ...more,
});

async function only(list: Promise<readonly Connection[]>): Promise<Connection> {
  const [first, second] = await list;
  assert.ok(first && !second, 'there is exactly one connection');
  return first;
}

async function allPages(connections: Connections, connector: string, limit: number): Promise<readonly Connection[]> {
  const all: Connection[] = [];
  let after: string | undefined;
  // A store whose pages do not end must fail, and not hang.
  for (let pages = 0; pages < 100; pages += 1) {
    const page = await connections.page(connector, { limit, after });
    assert.ok(page.connections.length <= limit, `a page of ${limit} has ${page.connections.length} connections`);
    all.push(...page.connections);
    if (page.next === undefined) return all;
    after = page.next;
  }
  return assert.fail('the pages do not end');
}

const guarantees: readonly SharedGuarantee<Connections, readonly ConnectionRecord[]>[] = [
  {
    name: 'lists the connections of the caller’s tenant to the connector, and no others',
    settings: [
      record('acme', 'a'),
      record('acme', 'b'),
      record('Acme', 'c'),
      record('acme ', 'd'),
      record('acme', 'e', { connector: 'desk-2' }),
      record('umbrella', 'a'),
    ],
    async prove(connections) {
      assert.deepEqual(names(await connections.list(caller('acme'), 'desk')), ['acme/a', 'acme/b']);
      assert.deepEqual(names(await connections.list(caller('umbrella'), 'desk')), ['umbrella/a']);
      for (const tenant of ['', 'ACME', 'acme%', '__proto__', "' or 1=1 --"])
        assert.deepEqual(await connections.list(caller(tenant), 'desk'), []);
      assert.deepEqual(await connections.list(caller('acme'), 'other'), []);
    },
  },
  {
    name: 'lists a user’s own connections for that user alone',
    settings: [record('acme', 'shared'), record('acme', 'own', { user: 'ada' }), record('acme', 'own', { user: 'eve' })],
    async prove(connections) {
      const users = async (id: string) =>
        (await connections.list(caller('acme', id), 'desk')).map(({ user }) => user ?? 'the tenant').sort();
      assert.deepEqual(await users('ada'), ['ada', 'the tenant']);
      assert.deepEqual(await users('Ada'), ['the tenant']);
    },
  },
  {
    name: 'lists all of a hundred connections',
    settings: Array.from({ length: 100 }, (_, n) => record('acme', `n${n}`)),
    async prove(connections) {
      assert.equal((await connections.list(caller('acme'), 'desk')).length, 100);
    },
  },
  {
    name: 'returns a connection as it was stored, from each of its methods',
    settings: [record('acme', 'zürich 🚆', { user: 'ada', isDefault: true, hook: 'h'.repeat(43) }), record('acme', 'plain')],
    async prove(connections) {
      const [own, plain] = [...(await connections.list(caller('acme', 'ada'), 'desk'))].sort((a) => (a.user === undefined ? 1 : -1));
      assert.ok(own && plain, 'both connections are listed');
      const { id, version, ...stored } = own;
      assert.deepEqual(stored, record('acme', 'zürich 🚆', { user: 'ada', isDefault: true, hook: 'h'.repeat(43) }));
      assert.ok(id !== '' && version !== '' && plain.id !== id, 'each has an id of its own and a version');
      assert.deepEqual([plain.user, plain.hook, plain.isDefault ?? false], [undefined, undefined, false]);
      assert.deepEqual(await connections.get(id), own);
      assert.deepEqual(await connections.byHook('h'.repeat(43)), own);
      assert.deepEqual(
        (await allPages(connections, 'desk', 10)).find((connection) => connection.id === id),
        own,
      );
    },
  },
  {
    name: 'finds nothing under another id or hook',
    settings: [record('acme', 'a', { hook: 'Unguessable' }), record('acme', 'b')],
    async prove(connections) {
      const { id } = await only(connections.list(caller('acme'), 'desk').then((list) => list.filter(({ name }) => name === 'a')));
      for (const other of ['', `${id} `, `${id}'`, '%', '__proto__', 'x'.repeat(1_000)])
        assert.equal(await connections.get(other), undefined);
      for (const other of ['', 'unguessable', 'Unguessable ', 'Unguess', '%', '__proto__', 'undefined', 'null', id])
        assert.equal(await connections.byHook(other), undefined);
    },
  },
  {
    name: 'pages through all connections of a connector, each once, in pages of any size',
    settings: [
      ...Array.from({ length: 7 }, (_, n) => record(n % 2 === 0 ? 'acme' : 'umbrella', `n${n}`, n === 3 ? { user: 'ada' } : {})),
      record('acme', 'other', { connector: 'desk-2' }),
    ],
    async prove(connections) {
      const expected = names(await allPages(connections, 'desk', 100));
      assert.equal(new Set(expected).size, 7);
      for (const limit of [1, 3, 7]) assert.deepEqual(names(await allPages(connections, 'desk', limit)), expected);
      assert.deepEqual(await connections.page('nothing', { limit: 10 }), { connections: [] });
    },
  },
  {
    name: 'keeps the id and the version of a connection, in every replica',
    settings: [record('acme', 'a')],
    async prove(first, second) {
      const { id, version } = await only(first.list(caller('acme'), 'desk'));
      for (const store of [first, second]) {
        const again = await only(store.list(caller('acme'), 'desk'));
        assert.deepEqual([again.id, again.version], [id, version]);
        assert.equal((await store.get(id))?.version, version);
      }
    },
  },
];

/**
 * Returns the guarantees of `Connections` as checks. `open` creates a store with exactly these connections. It may choose their ids and
 * versions.
 */
export function connectionsChecks(
  open: (records: readonly ConnectionRecord[]) => Promise<OpenedStore<Connections>>,
): readonly StoreCheck[] {
  return [...sharedChecks(guarantees, (records) => open(records)), changedVersion(open)];
}

/** Opens two stores, so it is not a guarantee of one. */
function changedVersion(open: (records: readonly ConnectionRecord[]) => Promise<OpenedStore<Connections>>): StoreCheck {
  const versionFor = async (config: unknown): Promise<string> => {
    const { first, close } = await open([record('acme', 'a', { config })]);
    try {
      return (await only(first.list(caller('acme'), 'desk'))).version;
    } finally {
      await close();
    }
  };
  return {
    name: 'gives changed settings another version',
    async run() {
      assert.notEqual(await versionFor({ token: 'old' }), await versionFor({ token: 'new' }));
    },
  };
}
