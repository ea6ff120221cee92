/** An account at a vendor that the server connects to. Contains secrets: never log it whole. */
export interface Account {
  readonly tenant: string;
  /** The connector's id. */
  readonly connector: string;
  /** The value that calls give as `connection`. Unique per tenant and connector. */
  readonly name: string;
  /** Checked against the connector's schema. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The tenant of accounts without one, and of the keys that the server creates itself. */
export const firstTenant = 'default';
