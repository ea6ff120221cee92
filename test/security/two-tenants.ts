import { startZendeskSandbox, type ZendeskSandbox } from '../../packages/connector-zendesk/src/sandbox.ts';
import { startAdminServer, type AdminServer } from '../../examples/hosted-server/test/admin/admin-server.ts';
import type { Injector } from '../../examples/hosted-server/src/injector.ts';
import { tokens } from '../../examples/hosted-server/src/tokens.ts';

/** A tenant with an account at a vendor of its own. */
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
}

/** Starts a server that closes with the stack. */
export async function startTwoTenants(
  stack: AsyncDisposableStack,
  env: Record<string, string> = {},
  override: (injector: Injector) => void = () => {},
): Promise<TwoTenants> {
  const sandboxes = await Promise.all(
    ['red', 'blue'].map((subdomain) => startZendeskSandbox({ subdomain, clientSecret: `secret-of-${subdomain}` })),
  );
  for (const sandbox of sandboxes) stack.defer(() => sandbox.close());
  const accounts = sandboxes.map(({ config }) => ({ tenant: config.subdomain, connector: 'zendesk', name: config.subdomain, config }));
  const remapOrigins = Object.assign({}, ...sandboxes.map((sandbox) => sandbox.remapOrigins)) as Record<string, string>;
  const server = await startAdminServer(stack, { BUSBAR_ADDRESS_CALLS_PER_MINUTE: '1000000', ...env }, (injector) => {
    injector.provide(tokens.openAccountSource, () => async () => ({ demo: false, accounts, remapOrigins, close: async () => {} }));
    override(injector);
  });
  const [red, blue] = await Promise.all(
    sandboxes.map(async (sandbox): Promise<Tenant> => {
      const tenant = sandbox.config.subdomain;
      const user = await server.make({ tenant, name: `user of ${tenant}` });
      const owner = await server.make({ tenant, name: `owner of ${tenant}`, roles: ['owner'] });
      return { name: tenant, sandbox, user, owner };
    }),
  );
  if (!red || !blue) throw new Error('two tenants were started');
  return { ...server, port: Number(new URL(server.url).port), red, blue };
}
