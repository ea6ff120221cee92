import type { CallRequest } from '../host.ts';
import type { Logger } from '../logger.ts';
import type { Audit, AuditEvent } from '../ports/audit.ts';

/**
 * Records that a caller was refused because it lacks a right. The refusal does not wait for the record, so a slow or unreachable store
 * causes no delay. An event that cannot be recorded is logged in full.
 */
export function auditRefusal(audit: Audit, log: Logger, { principal, address, tool }: CallRequest, code: string): void {
  const event: AuditEvent = {
    event: 'call.refused',
    tenant: principal.tenant,
    principal: principal.id,
    address,
    subject: tool,
    detail: code,
  };
  audit.record(event).catch((err: unknown) => log.error({ err, ...event }, 'an event could not be recorded in the audit'));
}
