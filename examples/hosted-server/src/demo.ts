import { firstTenant } from './settings/account.ts';
import type { AccountSource } from './vendors/account-source.ts';
import { vendors } from './vendors/vendors.ts';

/** Starts sandboxes for all vendors in this process, for use by a server without a configured vendor. */
export async function startDemo(): Promise<AccountSource> {
  await using undo = new AsyncDisposableStack();
  const accounts: AccountSource['accounts'][number][] = [];
  const remapOrigins: Record<string, string> = {};
  for (const { connector, sandboxes } of vendors) {
    for (const [name, start] of Object.entries(sandboxes)) {
      const sandbox = await start();
      undo.defer(() => sandbox.close());
      accounts.push({ tenant: firstTenant, connector: connector.id, name, config: sandbox.config });
      Object.assign(remapOrigins, sandbox.remapOrigins);
    }
  }
  const running = undo.move();
  return { demo: true, accounts, remapOrigins, close: () => running.disposeAsync() };
}
