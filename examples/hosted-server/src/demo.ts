import { firstTenant } from './account.ts';
import type { Served } from './served.ts';
import { vendors } from './vendors.ts';

/** Starts an account of each vendor in this process, for a server with no vendor configured. */
export async function startDemo(): Promise<Served> {
  await using undo = new AsyncDisposableStack();
  const accounts: Served['accounts'][number][] = [];
  const remapOrigins: Record<string, string> = {};
  for (const { connector, accountField, startSandbox } of vendors) {
    const sandbox = await startSandbox();
    undo.defer(() => sandbox.close());
    const name = (accountField !== undefined && sandbox.config[accountField]) || 'default';
    accounts.push({ tenant: firstTenant, connector: connector.id, name, config: sandbox.config });
    Object.assign(remapOrigins, sandbox.remapOrigins);
  }
  const sandboxes = undo.move();
  return { demo: true, accounts, remapOrigins, close: () => sandboxes.disposeAsync() };
}
