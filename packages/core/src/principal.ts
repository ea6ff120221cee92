/** Who calls, as `authenticate` found. Everything that a call may see or spend hangs on it. */
export interface Principal {
  /** The tenant: the unit that owns connections, quota and records. Nothing is shared between two. */
  readonly tenant: string;
  /** The API key or user within the tenant. An opaque id that may be logged; never the key itself. */
  readonly id: string;
  readonly roles: readonly string[];
  /** The toolsets that this caller may see and use. Absent: all of them. */
  readonly toolsets?: readonly string[] | undefined;
}

/** The caller of a host without `authenticate`: one tenant, on this machine. */
export const localPrincipal: Principal = Object.freeze({ tenant: 'local', id: 'local', roles: Object.freeze(['owner']) });

/** What a transport has learned about a caller before anything is believed. */
export interface Credentials {
  /** The token of `Authorization: Bearer …`, or undefined where the request had none. */
  readonly token: string | undefined;
  /** The peer's address as the transport saw it. Behind a proxy this is the proxy. */
  readonly address: string | undefined;
}

/**
 * Turns credentials into a principal. Throw `ToolError('UNAUTHENTICATED', …)` to refuse; the message reaches the caller. Called for
 * every request, so remember what is dear to find out, for a bounded time.
 */
export type Authenticate = (credentials: Credentials) => Promise<Principal>;
