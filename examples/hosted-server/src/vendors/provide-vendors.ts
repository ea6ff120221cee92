import { memoryConnections } from '@busbar/core';
import { startDemo } from '../demo.ts';
import { webhookPath } from '../http/webhook-path.ts';
import type { Injector } from '../injector.ts';
import type { Account } from '../settings/account.ts';
import { tokens } from '../tokens.ts';
import { configuredAccounts } from './account-source.ts';
import { createConnectionChecks } from './connection-checks.ts';
import { vendors } from './vendors.ts';

/** Provides the served accounts, their connectors and connections, and the background checks of the connections. */
export function provideVendors({ get, provide }: Injector): void {
  provide(tokens.openAccountSource, () => async () => {
    const { accounts } = get(tokens.config);
    return accounts.length > 0 ? configuredAccounts(accounts) : await startDemo();
  });
  provide(tokens.connectionRecords, () => {
    const { demo, accounts } = get(tokens.accountSource);
    const secret = get(tokens.secret);
    // Sandboxes send no events.
    return accounts.map((account) => ({ ...account, hook: demo || !takesEvents(account) ? undefined : webhookPath(secret, account) }));
  });
  provide(tokens.connectors, () => {
    const served = new Set(get(tokens.accountSource).accounts.map(({ connector }) => connector));
    return vendors.map(({ connector }) => connector).filter(({ id }) => served.has(id));
  });
  provide(tokens.connections, () => memoryConnections(get(tokens.connectionRecords)));
  provide(tokens.connectionChecks, () =>
    createConnectionChecks({
      host: get(tokens.host),
      connectors: get(tokens.connectors),
      connections: get(tokens.connections),
      clock: get(tokens.clock),
      log: get(tokens.log),
      everyMs: get(tokens.config).BUSBAR_CHECK_EVERY_MS,
      onRound: ({ connector, healthy, checked }) => get(tokens.observer).healthy(connector, healthy / checked),
    }),
  );
}

const takesEvents = ({ connector, config }: Account): boolean =>
  vendors.some(
    ({ connector: { id }, webhookField }) => id === connector && webhookField !== undefined && config[webhookField] !== undefined,
  );
