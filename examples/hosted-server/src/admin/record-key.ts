import type { Audit, AuditEvent } from '@busbar/core';
import type { ApiKey, ApiKeys } from '@busbar/postgres';

/** The services that recording a key needs. */
export interface KeyRecords {
  readonly apiKeys: Pick<ApiKeys, 'revoke'>;
  readonly audit: Audit;
}

/**
 * Records that a key was created. Call it before anyone sees the key: a key that cannot be recorded is revoked.
 *
 * @param by Who created it. Absent: the server itself.
 */
export async function recordCreated(
  { apiKeys, audit }: KeyRecords,
  created: ApiKey,
  by: Pick<AuditEvent, 'principal' | 'address'> = {},
): Promise<void> {
  try {
    await audit.record({ event: 'key.created', tenant: created.tenant, ...by, subject: created.id, detail: rightsOf(created) });
  } catch (error) {
    await apiKeys.revoke(created.id);
    throw error;
  }
}

const rank = (role: string) => ['operator', 'owner'].indexOf(role) + 1 || Infinity;

/** The name and rights of a key as JSON, for the audit. The roles that give rights come first, because the audit cuts long details. */
export function rightsOf({ name, roles, toolsets }: Pick<ApiKey, 'name' | 'roles' | 'toolsets'>): string {
  return JSON.stringify({ roles: roles.toSorted((a, b) => rank(a) - rank(b)), toolsets: toolsets ?? 'all', name });
}
