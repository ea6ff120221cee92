import { ToolError, type CallResult, type ErrorCode, type Host, type Principal } from '@busbar/core';
import type { Kysely, Selectable } from 'kysely';
import { fits, type DeadLetterFilter } from './filter.ts';
import { messageOf, openLetter, type DeadLetterContent } from './dead-letter.ts';
import { SealError, type Seal } from '../seal.ts';
import type { Tables } from '../database/tables.ts';

/** How letters are replayed. */
export interface ReplayOptions {
  readonly call: Host['call'];
  /** Ends it: calls that run are cancelled, and the letters after them stay as they are. */
  readonly signal: AbortSignal;
  /**
   * What the caller of then may do now: give it back with its rights of today, or undefined where it may do nothing any more. Without it the
   * rights of then hold.
   */
  readonly authorize?: (principal: Principal) => Promise<Principal | undefined>;
  /** The most letters of one replay: 100 unless told otherwise, and 1,000 at most. */
  readonly limit?: number;
}

/**
 * What became of one letter. `done`: its call succeeded, now or before. `unknown`: it may have written, in whole or in part; a person has to
 * look. `failed`: nothing was written. `refused`: its caller may not act any more. `unreadable`: no secret opens it. `gone`: it was removed
 * before its turn came.
 */
export interface ReplayedLetter {
  readonly id: string;
  readonly outcome: 'done' | 'unknown' | 'failed' | 'refused' | 'unreadable' | 'gone';
  /** Whether the letter is still there. */
  readonly kept: boolean;
  /** Why it failed. */
  readonly code?: ErrorCode;
  readonly message?: string;
}

/** What a replay came to. */
export interface ReplayedLetters {
  /** In no order. */
  readonly letters: readonly ReplayedLetter[];
  readonly counts: Readonly<Record<ReplayedLetter['outcome'], number>>;
  /** There are letters that fit and had no turn. */
  readonly more: boolean;
}

type Row = Selectable<Tables['dead_letters']>;

const maxLetters = 1_000;
const concurrency = 5;

// They speak of the arguments, so the same call can only fail the same way. With all other codes somebody can put right what stands in its way.
const hopeless: ReadonlySet<ErrorCode> = new Set([
  'INVALID_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'IDEMPOTENCY_CONFLICT',
  'UPSTREAM_REJECTED',
  'RESULT_TOO_LARGE',
  'ASK_UNSUPPORTED',
]);

/** See `DeadLetters.replay`. */
export async function replayLetters(
  { db, seal, now }: { readonly db: Kysely<Tables>; readonly seal: Seal; now(): number },
  filter: DeadLetterFilter,
  { call, signal, authorize = async (principal) => principal, limit = 100 }: ReplayOptions,
): Promise<ReplayedLetters> {
  const most = Math.min(limit, maxLetters);
  const found = await db
    .selectFrom('dead_letters')
    .select('id')
    .where(fits(filter))
    .orderBy('failed_at')
    .orderBy('id')
    .limit(most + 1)
    .execute();
  const waiting = found.slice(0, most).map(({ id }) => id);
  const letters: ReplayedLetter[] = [];

  async function work(): Promise<void> {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (signal.aborted) return void waiting.push(id);
      letters.push(await replayOne(id));
    }
  }

  async function replayOne(id: string): Promise<ReplayedLetter> {
    // Read just before its call, and not with the others: by then it may be done.
    const row = await db.selectFrom('dead_letters').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return { id, outcome: 'gone', kept: false };
    let content: DeadLetterContent;
    try {
      content = openLetter(row, seal);
    } catch (error) {
      if (error instanceof SealError) return { id, outcome: 'unreadable', kept: true, message: error.message };
      throw error;
    }
    const { principal } = content;
    const today = await authorize(principal);
    if (!today || today.tenant !== principal.tenant || today.id !== principal.id) return { id, outcome: 'refused', kept: true };
    return await ended(row, await repeat(row, content, today));
  }

  async function repeat({ tool, connection }: Row, { arguments: args, key }: DeadLetterContent, principal: Principal) {
    try {
      return await call({ principal, tool, arguments: args, connection, idempotencyKey: key, signal });
    } catch (error) {
      if (ToolError.is(error)) return error;
      throw error;
    }
  }

  async function ended(row: Row, result: CallResult | ToolError): Promise<ReplayedLetter> {
    const { id } = row;
    const failure = failureOf(result, row.call_id);
    if (!failure) {
      await remove(row);
      return { id, outcome: 'done', kept: false };
    }
    const { callId, ...cause } = failure;
    if (cause.code === 'CANCELLED') return { id, outcome: 'failed', kept: true, ...cause };
    if (cause.code === 'OUTCOME_UNKNOWN' || hopeless.has(cause.code)) {
      await remove(row);
      return { id, outcome: cause.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'failed', kept: false, ...cause };
    }
    // Where the call was settled as failed, its own letter has taken this one's place. Where it was settled as partly written, or somebody
    // removed the letter meanwhile, there is none.
    await db
      .updateTable('dead_letters')
      .set(({ eb }) => ({ ...cause, call_id: callId, failed_at: new Date(now()), attempts: eb('attempts', '+', 1) }))
      .where('id', '=', id)
      .where('call_id', '=', row.call_id)
      .execute();
    const kept = await db.selectFrom('dead_letters').select('id').where('id', '=', id).executeTakeFirst();
    return { id, outcome: kept ? 'failed' : 'unknown', kept: kept !== undefined, ...cause };
  }

  /** The letter as it was read, and none that has taken its place since. */
  const remove = ({ id, call_id }: Row) => db.deleteFrom('dead_letters').where('id', '=', id).where('call_id', '=', call_id).execute();

  const stop = (error: unknown) => {
    waiting.length = 0;
    throw error;
  };
  const workers = await Promise.allSettled(Array.from({ length: concurrency }, () => work().catch(stop)));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return { letters, counts: countsOf(letters), more: waiting.length > 0 || found.length > most };
}

/** How a call failed, if it did. What was carried out and cannot be shown is an error too, and no failure. */
function failureOf(result: CallResult | ToolError, callId: string): { code: ErrorCode; message: string; callId: string } | undefined {
  if (ToolError.is(result))
    return { code: result.code, message: messageOf({ content: [{ type: 'text', text: `${result.code}: ${result.message}` }] }), callId };
  if (result.kind === 'ask')
    return { code: 'ASK_UNSUPPORTED', message: 'The tool asks its caller something, and a replay cannot answer.', callId };
  const { answer } = result;
  if (!answer.isError || answer.meta?.['busbar/outcome'] !== undefined) return undefined;
  const { code = 'INTERNAL', callId: failed = callId } = (answer.meta?.['busbar/error'] ?? {}) as { code?: ErrorCode; callId?: string };
  return { code, message: messageOf(answer), callId: failed };
}

function countsOf(letters: readonly ReplayedLetter[]): ReplayedLetters['counts'] {
  const counts = { done: 0, unknown: 0, failed: 0, refused: 0, unreadable: 0, gone: 0 };
  for (const { outcome } of letters) counts[outcome] += 1;
  return counts;
}
