import type { Context, Health } from '@busbar/core';
import type { SendGridClient } from './client.ts';

/** Reads the API key's permissions. Reading the account's name needs a permission that sending does not, so the check does not show it. */
export async function checkAccount(client: SendGridClient, context: Context): Promise<Health> {
  const scopes = await client.listScopes(context);
  const sends = scopes.includes('mail.send') ? 'may send' : 'may not send: it lacks mail.send';
  return { account: `an API key at ${client.host} with ${scopes.length} permission${scopes.length === 1 ? '' : 's'}, which ${sends}` };
}
