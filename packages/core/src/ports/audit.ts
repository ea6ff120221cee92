import type { Logger } from '../logger.ts';

/** Something that was done or refused, and is no call: those are the metering's to record. Never a secret in any field. */
export interface AuditEvent {
  /** `call.refused`: a caller lacks the right. `operator.acted`: what a person did on the server itself. */
  readonly event: 'call.refused' | 'key.created' | 'key.revoked' | 'operator.acted';
  /** Whom it concerns. Absent: the whole server. */
  readonly tenant?: string | undefined;
  /** Who did it: the id of a key or a user. */
  readonly principal?: string | undefined;
  /** From where: a network address. */
  readonly address?: string | undefined;
  /** What it was done to: a tool's name, a key's id. */
  readonly subject?: string | undefined;
  /** Why or how: an error's code, the name of an act. */
  readonly detail?: string | undefined;
}

/** Keeps for good who did what from where. */
export interface Audit {
  /** Resolves when the event is durable; rejects where it cannot be recorded. Fields are cut at 255 characters. */
  record(event: AuditEvent): Promise<void>;
}

/** An audit in the log, for a host that is given no other. */
export function logAudit(log: Logger): Audit {
  return { record: async (event) => log.warn(event, 'audit') };
}
