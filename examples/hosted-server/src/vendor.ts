import type { Config } from './config.ts';
import { startDemo } from './demo.ts';

/** The Zendesk account that is served: the one of the settings, or the sandbox of demo mode. */
export interface Vendor {
  readonly demo: boolean;
  /** The connection, as the connector's config wants it. */
  readonly account: Readonly<Record<string, string>>;
  /** Where requests for an origin go instead. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The tenant that the account, and the keys that the server makes itself, belong to. */
export const firstTenant = 'default';

/** Takes the account of the settings, or starts the sandbox where there is none. */
export async function openVendor({ zendesk }: Pick<Config, 'zendesk'>): Promise<Vendor> {
  return zendesk ? { demo: false, account: zendesk, remapOrigins: {}, close: async () => {} } : startDemo();
}
