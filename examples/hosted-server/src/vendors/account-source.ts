import type { Account } from '../settings/account.ts';
import type { Config } from '../settings/config.ts';
import { startDemo } from '../demo.ts';

/** What is served: the accounts of the settings, or the sandboxes of demo mode. */
export interface Served {
  readonly demo: boolean;
  readonly accounts: readonly Account[];
  /** Where requests for an origin go instead. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** Takes the accounts of the settings, or starts the sandboxes where there are none. */
export async function openServed({ accounts }: Pick<Config, 'accounts'>): Promise<Served> {
  return accounts.length > 0 ? { demo: false, accounts, remapOrigins: {}, close: async () => {} } : startDemo();
}
