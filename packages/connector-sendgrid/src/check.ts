import type { Context, Health } from '@busbar/core';
import type { SendGridClient } from './client.ts';

/**
 * Reads the API key's permissions. The check does not show the account's name, because reading it needs a permission that sending e-mail
 * does not need.
 */
export async function checkAccount(client: SendGridClient, context: Context): Promise<Health> {
  const scopes = await client.listScopes(context);
  const sends = scopes.includes('mail.send') ? 'may send' : 'may not send: it lacks mail.send';
  return { account: `an API key at ${client.host} with ${scopes.length} permission${scopes.length === 1 ? '' : 's'}, which ${sends}` };
}
