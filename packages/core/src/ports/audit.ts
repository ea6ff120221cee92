import type { Logger } from '../logger.ts';

/** An action or refusal to record. Metering records the calls themselves. No field may contain a secret. */
export interface AuditEvent {
  /**
   * `call.refused`: the caller lacked a permission. `admin.refused`: so did the sender of a request to a server's own API.
   * `operator.acted`: a person acted on the server itself.
   */
  readonly event: 'call.refused' | 'admin.refused' | 'key.created' | 'key.revoked' | 'operator.acted';
  /** The tenant concerned. Absent: the whole server. */
  readonly tenant?: string | undefined;
  /** The id of the key or user that acted. */
  readonly principal?: string | undefined;
  /** The network address of the actor. */
  readonly address?: string | undefined;
  /** The object of the action, such as a tool's name or a key's id. */
  readonly subject?: string | undefined;
  /** The reason, the kind of action, or the rights of a key. */
  readonly detail?: string | undefined;
}

/** A permanent record of who did what, and from where. */
export interface Audit {
  /** Resolves when the event is durable. Rejects if it cannot be recorded. Cuts fields to 255 characters, and `detail` to 4,000. */
  record(event: AuditEvent): Promise<void>;
}

/** Writes audit events to the log. A host uses it by default. */
export function logAudit(log: Logger): Audit {
  return { record: async (event) => log.warn(event, 'audit') };
}
