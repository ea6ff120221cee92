import { ToolError, type Context, type Health } from '@busbar/core';
import type { SalesforceClient } from './client.ts';

/** Reads the org's own record, which needs a session, API access and an API version that the org still supports. */
export async function checkOrg(client: SalesforceClient, context: Context): Promise<Health> {
  const [org] = (await client.query({ soql: 'SELECT Name, OrganizationType, IsSandbox FROM Organization LIMIT 1' }, context)).records;
  if (!org) throw new ToolError('FORBIDDEN', 'The connection’s user may not read the org’s own record. An administrator must allow it.');
  const kind = [org['OrganizationType'], org['IsSandbox'] === true && 'sandbox'].filter(Boolean).join(', ');
  return { account: `${String(org['Name'])}${kind ? ` (${kind})` : ''} at ${client.host}` };
}
