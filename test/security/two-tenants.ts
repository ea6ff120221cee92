import { startSalesforceSandbox, type SalesforceSandbox } from '../../packages/connector-salesforce/src/sandbox.ts';
import { startSendGridSandbox, type SendGridSandbox } from '../../packages/connector-sendgrid/src/sandbox.ts';
import { startZendeskSandbox, type ZendeskSandbox } from '../../packages/connector-zendesk/src/sandbox.ts';
import { startAdminServer, type AdminServer } from '../../examples/hosted-server/test/admin/admin-server.ts';
import type { Injector } from '../../examples/hosted-server/src/injector.ts';
import type { Account } from '../../examples/hosted-server/src/settings/account.ts';
import { tokens } from '../../examples/hosted-server/src/tokens.ts';

/** A tenant with a Zendesk account of its own. */
export interface Tenant {
  readonly name: string;
  readonly sandbox: ZendeskSandbox;
  /** A key without roles, and a key with the role `owner`. */
  readonly user: string;
  readonly owner: string;
}

/** A hosted server in this process that serves two tenants. Its first key is an operator of a third tenant. */
export interface TwoTenants extends AdminServer {
  readonly port: number;
  readonly red: Tenant;
  readonly blue: Tenant;
  /** Accounts of `red`. */
  readonly sendgrid: SendGridSandbox;
  readonly salesforce: SalesforceSandbox;
}

/** Starts a server that closes with the stack. */
export async function startTwoTenants(
  stack: AsyncDisposableStack,
  env: Record<string, string> = {},
  override: (injector: Injector) => void = () => {},
): Promise<TwoTenants> {
  const start = (subdomain: string) => startZendeskSandbox({ subdomain, clientSecret: `secret-of-${subdomain}` });
  const sandboxes = [await start('red'), await start('blue')] as const;
  const sendgrid = await startSendGridSandbox({ apiKey: 'SG.secret-of-red' });
  const salesforce = await startSalesforceSandbox({ myDomain: 'red', clientSecret: 'secret-of-red' });
  const all = [...sandboxes, sendgrid, salesforce];
  for (const sandbox of all) stack.defer(() => sandbox.close());
  const accounts: Account[] = [
    ...sandboxes.map(({ config }) => ({ tenant: config.subdomain, connector: 'zendesk', name: config.subdomain, config })),
    { tenant: 'red', connector: 'sendgrid', name: 'red', config: sendgrid.config },
    { tenant: 'red', connector: 'salesforce', name: 'red', config: salesforce.config },
  ];
  const remapOrigins = Object.assign({}, ...all.map((sandbox) => sandbox.remapOrigins)) as Record<string, string>;
  const server = await startAdminServer(stack, { BUSBAR_ADDRESS_CALLS_PER_MINUTE: '1000000', ...env }, (injector) => {
    injector.provide(tokens.openAccountSource, () => async () => ({ demo: false, accounts, remapOrigins, close: async () => {} }));
    override(injector);
  });
  const tenantOf = async (sandbox: ZendeskSandbox): Promise<Tenant> => {
    const tenant = sandbox.config.subdomain;
    const user = await server.make({ tenant, name: `user of ${tenant}` });
    const owner = await server.make({ tenant, name: `owner of ${tenant}`, roles: ['owner'] });
    return { name: tenant, sandbox, user, owner };
  };
  const [red, blue] = [await tenantOf(sandboxes[0]), await tenantOf(sandboxes[1])];
  return { ...server, port: Number(new URL(server.url).port), red, blue, sendgrid, salesforce };
}
