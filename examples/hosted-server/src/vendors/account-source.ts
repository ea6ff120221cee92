import type { Account } from '../settings/account.ts';

/** The source of the served accounts: the settings, or the sandboxes of demo mode. */
export interface AccountSource {
  readonly demo: boolean;
  readonly accounts: readonly Account[];
  /** Redirects requests for an origin to another origin. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** The accounts of the settings. */
export const configuredAccounts = (accounts: readonly Account[]): AccountSource => ({
  demo: false,
  accounts,
  remapOrigins: {},
  close: async () => {},
});
