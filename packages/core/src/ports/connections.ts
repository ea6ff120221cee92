import type { Principal } from '../principal.ts';

/** One tenant's settings and secrets for one connector. */
export interface Connection {
  /** Opaque, unique in the host, safe to log. */
  readonly id: string;
  readonly tenant: string;
  /** The connector's id. */
  readonly connector: string;
  /** What the tenant calls it; the value of the `connection` input. Unique for (tenant, connector, user). */
  readonly name: string;
  /** The settings as stored, unsealed, not yet parsed. */
  readonly config: unknown;
  /** Changes whenever `config` does, so that the host opens the connection anew. */
  readonly version: string;
  /** The one that calls use when they name none. Absent on all: the only one, if there is only one. */
  readonly isDefault?: boolean | undefined;
  /** The principal id that it belongs to. Absent: to the whole tenant. */
  readonly user?: string | undefined;
  /** The unguessable last part of its webhook URL. */
  readonly hook?: string | undefined;
}

/** Where connections are kept. */
export interface Connections {
  /** The connections that a caller may use with a connector: its tenant's and its own. At most 100. */
  list(principal: Principal, connector: string): Promise<readonly Connection[]>;
  get(id: string): Promise<Connection | undefined>;
  byHook(hook: string): Promise<Connection | undefined>;
  /** Every connection of a connector, for jobs and health checks, a page at a time. */
  page(
    connector: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ readonly connections: readonly Connection[]; readonly next?: string }>;
}
