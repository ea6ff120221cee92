import { randomUUID } from 'node:crypto';
import { errorCodes, textStart, type Answer, type Call, type ErrorCode, type Outcome, type Principal } from '@busbar/core';
import type { Insertable } from 'kysely';
import { claimOf } from '../claims.ts';
import { storableText } from '../database/sql-parameters.ts';
import type { Seal } from '../seal.ts';
import type { Tables } from '../database/tables.ts';

/** The row of a dead letter. Its id is the id of its call's claim, so a write has one dead letter, however often it fails. */
export type DeadLetterRow = Insertable<Omit<Tables['dead_letters'], 'attempts'>>;

/** The input for a retry. Sealed at rest. */
export interface DeadLetterContent {
  readonly principal: Principal;
  readonly arguments: unknown;
  /** Absent: the host derives one from the arguments, as it did for the first call. */
  readonly key?: string | undefined;
}

const maxArgumentBytes = 64 * 1024;
const maxMessageLength = 500;

/**
 * Returns the dead letter of a failed call, or undefined if it gets none. A call gets a dead letter if it is a write that changed nothing,
 * failed for a temporary reason and was not cancelled by its caller. Returns `too-large` if the only obstacle is that the call's arguments
 * take more than 64 KiB.
 */
export function deadLetterOf(
  call: Call,
  { status, wrote, code, answer, endedAt }: Outcome,
  seal: Seal,
): DeadLetterRow | 'too-large' | undefined {
  if (call.effect === 'read' || status !== 'failed' || wrote !== 'no' || code === undefined || !isTemporary(code)) return undefined;
  if (Buffer.byteLength(JSON.stringify(call.arguments) ?? '') > maxArgumentBytes) return 'too-large';
  const { callId, principal } = call;
  // The call's own key makes the retry and a repetition by the caller one write. A key that the host derived holds only for its short
  // window: the host derives it again, because a stored key would answer equal calls for a day.
  // A key for a call without one is random, because another caller of the tenant could guess the call's id and send it in a key.
  const key = call.key ?? `dead-letter ${randomUUID()}`;
  const id = claimOf({ ...call, key });
  if (id === null) return undefined;
  const content: DeadLetterContent = {
    principal: { tenant: principal.tenant, id: principal.id, roles: principal.roles, toolsets: principal.toolsets },
    arguments: call.arguments,
    key: call.keepMs === undefined ? key : undefined,
  };
  return {
    id,
    call_id: callId,
    tenant: storableText(principal.tenant),
    principal: storableText(principal.id),
    connector: call.connector,
    connection: call.connection,
    tool: call.tool,
    code,
    message: messageOf(answer),
    failed_at: new Date(endedAt),
    keyed: call.key !== undefined,
    sealed: seal.seal(JSON.stringify(content), [id]),
  };
}

/** Returns the part of an answer's text that is stored: at most 500 characters. */
export function messageOf({ content }: Pick<Answer, 'content'>): string {
  const lines = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return storableText(textStart(lines.join('\n'), maxMessageLength));
}

/** Opens the content of a dead letter. @throws {SealError} if it was sealed with another secret, or for another dead letter. */
export function openContent({ id, sealed }: Pick<DeadLetterRow, 'id' | 'sealed'>, seal: Seal): DeadLetterContent {
  return JSON.parse(seal.open(sealed, [id])) as DeadLetterContent;
}

// A caller who cancels no longer wants the write.
const isTemporary = (code: ErrorCode) => errorCodes[code].retry === 'yes' && code !== 'CANCELLED';
