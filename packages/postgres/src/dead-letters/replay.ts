import { ToolError, type CallResult, type ErrorCode, type Host, type Principal } from '@busbar/core';
import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../database/tables.ts';
import { SealError, type Seal } from '../seal.ts';
import { messageOf, openContent, type DeadLetterContent } from './dead-letter.ts';
import { matches, type DeadLetterFilter } from './filter.ts';

/** Options for a replay. */
export interface ReplayOptions {
  readonly call: Host['call'];
  /** Ends the replay: running calls are cancelled, and the dead letters after them are unchanged. */
  readonly signal: AbortSignal;
  /**
   * Looks up the caller: returns the principal with its current rights, or undefined if it may no longer act. Without `authorize`, the
   * rights at the time of the call apply.
   */
  readonly authorize?: (principal: Principal) => Promise<Principal | undefined>;
  /** The maximum number of dead letters to replay. Default 100, at most 1,000. */
  readonly limit?: number;
}

/**
 * The outcome of one dead letter. `done`: its call has succeeded, now or before. `unknown`: it may have written, in whole or in part, so a
 * person must check. `failed`: it wrote nothing. `refused`: its caller may no longer act. `unreadable`: no secret opens it. `gone`: it was
 * removed before the replay reached it.
 */
export interface ReplayedDeadLetter {
  readonly id: string;
  readonly outcome: 'done' | 'unknown' | 'failed' | 'refused' | 'unreadable' | 'gone';
  /** Whether the dead letter still exists. */
  readonly kept: boolean;
  /** The cause of a failure. */
  readonly code?: ErrorCode;
  readonly message?: string;
}

/** The result of a replay. */
export interface ReplayResult {
  /** In no particular order. */
  readonly deadLetters: readonly ReplayedDeadLetter[];
  readonly counts: Readonly<Record<ReplayedDeadLetter['outcome'], number>>;
  /** Whether there are more matching dead letters, which the replay did not reach. */
  readonly more: boolean;
}

/** The database, the seal and the time that a replay uses. */
export interface DeadLetterStore {
  readonly db: Kysely<Tables>;
  readonly seal: Seal;
  now(): number;
}

type Row = Selectable<Tables['dead_letters']>;

const maxReplayed = 1_000;
const concurrency = 5;

// Errors about the arguments: the same call can only fail the same way. After any other error a person may be able to fix the cause.
const permanentErrors: ReadonlySet<ErrorCode> = new Set([
  'INVALID_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'IDEMPOTENCY_CONFLICT',
  'UPSTREAM_REJECTED',
  'RESULT_TOO_LARGE',
  'ASK_UNSUPPORTED',
]);

/** See `DeadLetters.replay`. */
export async function replayDeadLetters(store: DeadLetterStore, filter: DeadLetterFilter, options: ReplayOptions): Promise<ReplayResult> {
  const most = Math.min(options.limit ?? 100, maxReplayed);
  const found = await store.db
    .selectFrom('dead_letters')
    .select('id')
    .where(matches(filter))
    .orderBy('failed_at')
    .orderBy('id')
    .limit(most + 1)
    .execute();
  const waiting = found.slice(0, most).map(({ id }) => id);
  const deadLetters: ReplayedDeadLetter[] = [];

  async function work(): Promise<void> {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (options.signal.aborted) return void waiting.push(id);
      deadLetters.push(await replayOne(store, id, options));
    }
  }

  const stop = (error: unknown) => {
    waiting.length = 0;
    throw error;
  };
  const workers = await Promise.allSettled(Array.from({ length: concurrency }, () => work().catch(stop)));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  return { deadLetters, counts: countsOf(deadLetters), more: waiting.length > 0 || found.length > most };
}

async function replayOne(store: DeadLetterStore, id: string, options: ReplayOptions): Promise<ReplayedDeadLetter> {
  // Reads the row just before the call, because the call may have succeeded since the list was read.
  const row = await store.db.selectFrom('dead_letters').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) return { id, outcome: 'gone', kept: false };
  let content: DeadLetterContent;
  try {
    content = openContent(row, store.seal);
  } catch (error) {
    if (error instanceof SealError) return { id, outcome: 'unreadable', kept: true, message: error.message };
    throw error;
  }
  const { principal } = content;
  const current = options.authorize ? await options.authorize(principal) : principal;
  if (!current || current.tenant !== principal.tenant || current.id !== principal.id) return { id, outcome: 'refused', kept: true };
  return await writeOutcome(store, row, await repeatCall(row, content, current, options));
}

async function repeatCall(
  { tool, connection }: Row,
  { arguments: args, key }: DeadLetterContent,
  principal: Principal,
  { call, signal }: ReplayOptions,
): Promise<CallResult | ToolError> {
  try {
    return await call({ principal, tool, arguments: args, connection, idempotencyKey: key, signal });
  } catch (error) {
    if (ToolError.is(error)) return error;
    throw error;
  }
}

async function writeOutcome({ db, now }: DeadLetterStore, row: Row, result: CallResult | ToolError): Promise<ReplayedDeadLetter> {
  const { id } = row;
  const failure = failureOf(result, row.call_id);
  if (!failure) {
    await remove(db, row);
    return { id, outcome: 'done', kept: false };
  }
  const { callId, ...cause } = failure;
  if (cause.code === 'CANCELLED') return { id, outcome: 'failed', kept: true, ...cause };
  if (cause.code === 'OUTCOME_UNKNOWN' || permanentErrors.has(cause.code)) {
    await remove(db, row);
    return { id, outcome: cause.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'failed', kept: false, ...cause };
  }
  // If the call was settled as failed, its settlement has replaced the row. If it was settled as partly written, or someone has discarded
  // the row, there is none.
  await db
    .updateTable('dead_letters')
    .set(({ eb }) => ({ ...cause, call_id: callId, failed_at: new Date(now()), attempts: eb('attempts', '+', 1) }))
    .where('id', '=', id)
    .where('call_id', '=', row.call_id)
    .execute();
  const kept = await db.selectFrom('dead_letters').select('id').where('id', '=', id).executeTakeFirst();
  return { id, outcome: kept ? 'failed' : 'unknown', kept: kept !== undefined, ...cause };
}

/** Removes the row that was read, but not a row that has replaced it since. */
async function remove(db: Kysely<Tables>, { id, call_id }: Row): Promise<void> {
  await db.deleteFrom('dead_letters').where('id', '=', id).where('call_id', '=', call_id).execute();
}

/** The failure of a call, if it failed. A write that was executed but whose output cannot be shown has an error, and yet did not fail. */
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

function countsOf(deadLetters: readonly ReplayedDeadLetter[]): ReplayResult['counts'] {
  const counts = { done: 0, unknown: 0, failed: 0, refused: 0, unreadable: 0, gone: 0 };
  for (const { outcome } of deadLetters) counts[outcome] += 1;
  return counts;
}
