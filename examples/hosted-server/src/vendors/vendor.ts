import type { Connector } from '@busbar/core';

/** All facts about a vendor that the server needs. The other files only read the list in `vendors.ts`. */
export interface Vendor {
  readonly connector: Connector;
  /** The vendor's display name. */
  readonly label: string;
  /** The vendor's settings and their descriptions. `ACME_CLIENT_ID` sets `clientId` in the config of the connector `acme`. */
  readonly settings: Readonly<Record<string, string>>;
  /**
   * The config field that names the account. The connection from the settings takes its name from this field. Without a value for it, the
   * connection is called `default`.
   */
  readonly accountField?: string;
  /** The config field whose value verifies the vendor's events. A connection with a value for it gets a webhook address. */
  readonly webhookField?: string;
  /**
   * Functions that start the accounts of demo mode, by connection name. They import the sandbox themselves, so that a server for real
   * accounts does not load it.
   */
  readonly sandboxes: Readonly<Record<string, () => Promise<VendorSandbox>>>;
}

/** A vendor account simulated in this process. */
export interface VendorSandbox {
  /** The connector's config for this account. */
  readonly config: Readonly<Record<string, string>>;
  /** Redirects requests for an origin to the sandbox. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  close(): Promise<void>;
}
