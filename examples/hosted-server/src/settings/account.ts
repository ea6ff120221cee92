/** A connection that the server serves. Holds secrets: never log it whole. */
export interface Account {
  readonly tenant: string;
  /** The connector's id. */
  readonly connector: string;
  /** The value of the input `connection`. One of its kind for a tenant and connector. */
  readonly name: string;
  /** As the connector's config wants it, and checked against it. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The tenant of accounts that name none, and of the keys that the server makes itself. */
export const firstTenant = 'default';
