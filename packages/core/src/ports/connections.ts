import { ToolError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Principal } from '../principal.ts';

/** One tenant's settings and secrets for one connector. */
export interface Connection {
  /** Opaque, unique in the host, safe to log. */
  readonly id: string;
  readonly tenant: string;
  /** The connector's id. */
  readonly connector: string;
  /** The tenant's name for it, and the value of the `connection` input. Unique per tenant, connector and user. */
  readonly name: string;
  /** The stored settings, unsealed but not yet parsed. */
  readonly config: unknown;
  /** Changes with `config`, so that the host reopens the connection. */
  readonly version: string;
  /** Calls that name no connection use the default. Without a default, they use the caller's only connection. */
  readonly isDefault?: boolean | undefined;
  /** The id of the principal that owns it. Absent: it belongs to the whole tenant. */
  readonly user?: string | undefined;
  /** The unguessable last part of its webhook URL. */
  readonly hook?: string | undefined;
}

/** Provides the tenants' connections. If a method throws, the caller gets UNAVAILABLE. Check your own store with `connectionsChecks`. */
export interface Connections {
  /** Lists the caller's connections to a connector: the tenant's connections and the caller's own. Returns at most 100. */
  list(principal: Principal, connector: string): Promise<readonly Connection[]>;
  get(id: string): Promise<Connection | undefined>;
  byHook(hook: string): Promise<Connection | undefined>;
  /** Lists all connections of a connector page by page, for jobs and health checks. */
  page(
    connector: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ readonly connections: readonly Connection[]; readonly next?: string }>;
}

/** Returns the error for a caller after the store of the connections failed. Logs the original error. A ToolError stays unchanged. */
export function connectionsFailure(error: unknown, log: Logger): ToolError {
  if (ToolError.is(error)) return error;
  log.error({ err: error }, 'the connections could not be read');
  return new ToolError('UNAVAILABLE', 'This server cannot read its connections now. Nothing was done. Try again shortly.', {
    cause: error,
  });
}
