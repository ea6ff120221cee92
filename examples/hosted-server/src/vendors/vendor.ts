import type { Connector } from '@busbar/core';

/** A vendor that the server can serve: what is its own, so that all else goes over the list in `vendors.ts`. */
export interface Vendor {
  readonly connector: Connector;
  /** What people call it. */
  readonly label: string;
  /** Its settings with what each says. `ACME_CLIENT_ID` is `clientId` in the config of the connector `acme`, and so on. */
  readonly settings: Readonly<Record<string, string>>;
  /** The field of the config that names the account, and by it the connection of the settings. Absent: that one is `default`. */
  readonly accountField?: string;
  /** The field of the config that the vendor's events are verified with. A connection that has it gets a webhook address. */
  readonly webhookField?: string;
  /** What starts the accounts of demo mode, by the names of their connections. Loads what it needs: a server of real accounts does without it. */
  readonly sandboxes: Readonly<Record<string, () => Promise<VendorSandbox>>>;
}

/** An account that lives in this process. */
export interface VendorSandbox {
  /** The connection, as the connector's config wants it. */
  readonly config: Readonly<Record<string, string>>;
  /** Where requests for an origin go instead. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  close(): Promise<void>;
}
