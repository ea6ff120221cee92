import { errorCodes, type Answer, type Call, type ErrorCode, type Outcome, type Principal } from '@busbar/core';
import type { Insertable } from 'kysely';
import { claimOf } from '../claims.ts';
import { storableText } from '../database/sql-parameters.ts';
import type { Seal } from '../seal.ts';
import type { Tables } from '../database/tables.ts';

/** A letter as it is written. Its id is the claim of its write, so that a write has one letter however often it fails. */
export type DeadLetterRow = Insertable<Omit<Tables['dead_letters'], 'attempts'>>;

/** What a repetition needs. Sealed at rest. */
export interface DeadLetterContent {
  readonly principal: Principal;
  readonly arguments: unknown;
  /** Absent: the host makes one from the arguments, as it did for the first call. */
  readonly key?: string | undefined;
}

const maxArgumentBytes = 64 * 1024;
const maxMessageLength = 500;

/**
 * The letter that a call leaves: a write that failed without having written anything, for a reason that passes. A call that its caller
 * ended leaves none. `too-large`: it would leave one, but its arguments take more than 64 KiB.
 */
export function letterOf(
  call: Call,
  { status, wrote, code, answer, endedAt }: Outcome,
  seal: Seal,
): DeadLetterRow | 'too-large' | undefined {
  if (call.effect === 'read' || status !== 'failed' || wrote !== 'no' || code === undefined || !passes(code)) return undefined;
  if (Buffer.byteLength(JSON.stringify(call.arguments) ?? '') > maxArgumentBytes) return 'too-large';
  const { callId, principal } = call;
  // Under the call's own key, so that the letter and a repetition by the caller are one write. A key of the server's own making holds for
  // its short window alone: the host makes it again, and a key of ours in its place would answer equal calls for a day.
  const key = call.key ?? `dead-letter ${callId}`;
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

/** What an answer told its caller, as it is stored: at most 500 characters. */
export function messageOf({ content }: Pick<Answer, 'content'>): string {
  const lines = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return storableText(lines.join('\n').slice(0, maxMessageLength));
}

/** What was sealed into a letter. @throws {SealError} where it was sealed with another secret, or is another letter's. */
export function openLetter({ id, sealed }: Pick<DeadLetterRow, 'id' | 'sealed'>, seal: Seal): DeadLetterContent {
  return JSON.parse(seal.open(sealed, [id])) as DeadLetterContent;
}

// Who cancels has changed his mind.
const passes = (code: ErrorCode) => errorCodes[code].retry === 'yes' && code !== 'CANCELLED';
