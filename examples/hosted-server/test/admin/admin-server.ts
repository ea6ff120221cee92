import { startZendeskSandbox, type ZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import type { NewApiKey } from '@busbar/postgres';
import { readConfig } from '../../src/settings/config.ts';
import type { Injector } from '../../src/injector.ts';
import { startServer } from '../../src/server.ts';
import { tokens } from '../../src/tokens.ts';
import { callTool, type ToolAnswer } from '../mcp-requests.ts';
import { dataFolder } from '../server-process.ts';

/** A response of the admin API. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, if it is JSON. */
  readonly json: any;
}

/** A hosted server in this process, with a vendor that the test controls. */
export interface AdminServer {
  readonly url: string;
  /** The first key. It is an owner of the tenant `default` and an operator. */
  readonly key: string;
  readonly sandbox: ZendeskSandbox;
  readonly get: Injector['get'];
  /** Creates another key. */
  make(wanted: Partial<NewApiKey>): Promise<string>;
  /** Sends a request to the admin API, such as `GET usage?by=day`. */
  ask(key: string, what: string, body?: unknown, headers?: Record<string, string>): Promise<AdminAnswer>;
  createTicket(key: string): Promise<ToolAnswer>;
}

/** Starts a server that closes with the stack. */
export async function startAdminServer(
  stack: AsyncDisposableStack,
  env: Record<string, string> = {},
  override: (injector: Injector) => void = () => {},
): Promise<AdminServer> {
  const sandbox = await startZendeskSandbox({ clientSecret: 'hush-hush-hush' });
  stack.defer(() => sandbox.close());
  const limits = { BUSBAR_CALLS_PER_MINUTE: '10000', BUSBAR_CALLS_PER_HOUR: '10000', BUSBAR_TENANT_CALLS_PER_MINUTE: '10000' };
  const config = readConfig({
    PORT: '0',
    LOG_LEVEL: 'error',
    ...limits,
    ...(!env['DATABASE_URL'] && { BUSBAR_DATA_DIR: await dataFolder(stack) }),
    ...env,
  });
  let injector: Injector | undefined;
  const server = await startServer(config, {
    override: (made) => {
      injector = made;
      const { config: account, remapOrigins } = sandbox;
      const accounts = [{ tenant: 'default', connector: 'zendesk', name: account.subdomain, config: account }];
      made.provide(tokens.openAccountSource, () => async () => ({ demo: true, accounts, remapOrigins, close: async () => {} }));
      override(made);
    },
  });
  stack.defer(() => server.close());
  if (!injector) throw new Error('was not asked for the injector');
  const { get } = injector;
  const { url, newKey = '' } = server;
  return {
    url,
    key: newKey,
    sandbox,
    get,
    make: async (wanted) => (await get(tokens.apiKeys).create({ tenant: 'default', name: 'test', roles: [], ...wanted })).key,
    async ask(key, what, body, headers = {}) {
      const [method = '', path = ''] = what.split(' ');
      const response = await fetch(new URL(`/admin/v1/${path}`, url), {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const json: unknown = ['application/json', 'application/problem+json'].includes(type) ? JSON.parse(text) : undefined;
      return { status: response.status, headers: response.headers, text, json };
    },
    createTicket: (key) => callTool({ url, key }, 'zendesk_create_ticket', { subject: 'Slow', body: 'It is very-private.' }),
  };
}
