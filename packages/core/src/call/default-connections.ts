import type { Connector } from '../connector/connector.ts';
import type { Connection } from '../ports/connections.ts';
import type { Principal } from '../principal.ts';

/** Whether all settings of a connector may be left out. */
export const needsNoSettings = ({ config }: Connector): boolean => config.safeParse({}).success;

/**
 * The connections that no one has to set up: every tenant has one to each connector whose settings may be left out (whose config accepts
 * `{}`), unless it has other connections to that connector.
 */
export class DefaultConnections {
  readonly #connectors: ReadonlySet<string>;

  constructor(connectors: readonly Connector[]) {
    this.#connectors = new Set(connectors.filter(needsNoSettings).map(({ id }) => id));
  }

  /** Lists the caller's default connection to a connector: none, if the connector needs settings. */
  list({ tenant }: Pick<Principal, 'tenant'>, connector: string): readonly Connection[] {
    if (!this.#connectors.has(connector)) return [];
    return [{ id: `${prefix}${connector}.${tenant}`, tenant, connector, name: 'default', config: {}, version: 'default' }];
  }

  /** Finds a default connection by its id. */
  byId(id: string): Connection | undefined {
    if (!id.startsWith(prefix)) return undefined;
    const [connector = '', ...tenant] = id.slice(prefix.length).split('.');
    return this.list({ tenant: tenant.join('.') }, connector)[0];
  }
}

const prefix = 'default.';
