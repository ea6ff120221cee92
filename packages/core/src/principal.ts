/** The caller, as `authenticate` identified it. The principal determines what a call may see and spend. */
export interface Principal {
  /** The tenant, which owns connections, quotas and records. Tenants share nothing. */
  readonly tenant: string;
  /** The id of the API key or user within the tenant. Opaque and safe to log; never the key itself. */
  readonly id: string;
  readonly roles: readonly string[];
  /** The toolsets that the caller may use. Absent: all. */
  readonly toolsets?: readonly string[] | undefined;
}

/** The only caller of a host without `authenticate`: one tenant, on this machine. */
export const localPrincipal: Principal = Object.freeze({ tenant: 'local', id: 'local', roles: Object.freeze(['owner']) });

/** A request's unverified claims about its caller, as the transport read them. */
export interface Credentials {
  /** The token of `Authorization: Bearer …`, or undefined if the request had none. */
  readonly token: string | undefined;
  /** The peer's address, as the transport saw it. Behind a proxy, this is the proxy's address. */
  readonly address: string | undefined;
}

/**
 * Turns credentials into a principal. Throw `ToolError('UNAUTHENTICATED', …)` to refuse them. Its message reaches the caller. Runs for
 * every request, so cache expensive lookups, and limit the cache's size and the age of its entries.
 */
export type Authenticate = (credentials: Credentials) => Promise<Principal>;
