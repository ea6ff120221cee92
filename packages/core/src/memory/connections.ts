import type { Connection, Connections } from '../ports/connections.ts';
import { canonicalJson, shortDigest } from '../lib/digest.ts';

/** A connection for {@link memoryConnections}. */
export interface ConnectionRecord {
  /** The connector's id. */
  readonly connector: string;
  readonly config: unknown;
  /** Default: `local`, the tenant of the local principal. */
  readonly tenant?: string | undefined;
  /** Default: `default`. */
  readonly name?: string | undefined;
  readonly isDefault?: boolean | undefined;
  readonly user?: string | undefined;
  readonly hook?: string | undefined;
  /** Default: derived from connector, tenant, user and name, so that it is the same on every start. */
  readonly id?: string | undefined;
  /** Default: a hash of the config, so that changed settings get a new version, even after a restart. */
  readonly version?: string | undefined;
}

const maxPerTenant = 100;
const none: readonly Connection[] = [];

/**
 * Serves a fixed list of connections.
 *
 * @throws {TypeError} for duplicate names, ids or hooks, for two defaults, or for more than 100 connections of one tenant and connector.
 */
export function memoryConnections(records: readonly ConnectionRecord[]): Connections {
  const all = records.map(toConnection).sort((a, b) => (a.id < b.id ? -1 : 1));
  const byId = unique(all, 'id', (connection) => connection.id);
  const byHook = unique(all, 'hook', (connection) => connection.hook);
  unique(all, 'name', ({ tenant, connector, user, name }) => JSON.stringify([tenant, connector, user, name]));
  unique(all, 'default', ({ tenant, connector, user, isDefault }) => (isDefault ? JSON.stringify([tenant, connector, user]) : undefined));
  const byConnector = Map.groupBy(all, ({ connector }) => connector);
  const byTenant = new Map<string, Map<string, Connection[]>>();
  for (const [tenant, owned] of Map.groupBy(all, (connection) => connection.tenant))
    byTenant.set(
      tenant,
      Map.groupBy(owned, ({ connector }) => connector),
    );
  for (const [tenant, connectors] of byTenant)
    for (const [connector, list] of connectors)
      if (list.length > maxPerTenant)
        throw new TypeError(`${tenant} has ${list.length} connections for ${connector}; ${maxPerTenant} is the most.`);

  return {
    async list(principal, connector) {
      const list = byTenant.get(principal.tenant)?.get(connector) ?? none;
      const isOpen = ({ user }: Connection) => user === undefined || user === principal.id;
      return list.every(isOpen) ? list : list.filter(isOpen);
    },
    async get(id) {
      return byId.get(id);
    },
    async byHook(hook) {
      return byHook.get(hook);
    },
    async page(connector, { limit, after }) {
      const rest = (byConnector.get(connector) ?? []).filter(({ id }) => after === undefined || id > after);
      const connections = rest.slice(0, Math.max(1, limit));
      const next = rest.length > connections.length ? connections.at(-1)?.id : undefined;
      return { connections, ...(next !== undefined && { next }) };
    },
  };
}

function toConnection({ tenant = 'local', name = 'default', ...record }: ConnectionRecord): Connection {
  const id = record.id ?? shortDigest(JSON.stringify([tenant, record.connector, record.user, name]));
  const version = record.version ?? shortDigest(canonicalJson(record.config));
  return Object.freeze({ ...record, id, tenant, name, version });
}

function unique(all: readonly Connection[], what: string, keyOf: (connection: Connection) => string | undefined): Map<string, Connection> {
  const found = new Map<string, Connection>();
  for (const connection of all) {
    const key = keyOf(connection);
    if (key === undefined) continue;
    if (found.has(key)) throw new TypeError(`Two connections of ${connection.connector} have the same ${what}: “${connection.name}”.`);
    found.set(key, connection);
  }
  return found;
}
