import { startZendeskSandbox, type ZendeskSandbox } from '@busbar/connector-zendesk/sandbox';
import { dataFolder } from './server-process.ts';

/** The route of a call of `zendesk_create_ticket`. */
export const creates = 'POST /api/v2/tickets';

/** The arguments of a call of `zendesk_create_ticket`. */
export const ticket = { subject: 'Slow', body: 'Very.' };

/** Starts a sandbox, and returns it with the settings of a server that uses it as if it were a real account. It ends with the stack. */
export async function startZendeskAccount(
  stack: AsyncDisposableStack,
): Promise<{ readonly sandbox: ZendeskSandbox; readonly settings: Record<string, string> }> {
  const sandbox = await startZendeskSandbox({ clientSecret: 'hush-hush-hush' });
  stack.defer(() => sandbox.close());
  const [[origin, target] = ['', '']] = Object.entries(sandbox.remapOrigins);
  const settings = {
    BUSBAR_DATA_DIR: await dataFolder(stack),
    BUSBAR_REMAP_ORIGINS: `${origin}=${target}`,
    BUSBAR_CALLS_PER_MINUTE: '1000',
    BUSBAR_TENANT_CALLS_PER_MINUTE: '10000',
    ZENDESK_SUBDOMAIN: sandbox.config.subdomain,
    ZENDESK_CLIENT_ID: sandbox.config.clientId,
    ZENDESK_CLIENT_SECRET: sandbox.config.clientSecret,
  };
  return { sandbox, settings };
}
