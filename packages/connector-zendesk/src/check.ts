import { ToolError, type Context, type Health } from '@busbar/core';
import type { ZendeskClient } from './client.ts';

/**
 * Checks which user the credential belongs to. Zendesk answers a wrong API token with 200 and an anonymous user, so the status alone is no
 * proof.
 */
export async function checkAccount(client: ZendeskClient, context: Context): Promise<Health> {
  const user = await client.getCurrentUser(context);
  if (typeof user.id !== 'number' || user.name === 'Anonymous user') {
    throw new ToolError(
      'UNAUTHENTICATED',
      'Zendesk took the credential for an anonymous user: the e-mail address or the API token is wrong, or token access is turned off. Someone must correct the connection’s settings.',
    );
  }
  if (user.role === 'end-user') {
    throw new ToolError(
      'FORBIDDEN',
      'The credential belongs to an end user, who cannot work on tickets. Someone must connect an agent or an admin.',
    );
  }
  const who = user.email ?? user.name ?? `user ${user.id}`;
  return { account: `${who}${user.role ? ` (${user.role})` : ''} at ${client.host}` };
}
