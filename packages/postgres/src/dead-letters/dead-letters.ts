import { systemClock, ToolError, type Clock, type ErrorCode } from '@busbar/core';
import type { Selectable } from 'kysely';
import type { Database } from '../database/database.ts';
import { openContent } from './dead-letter.ts';
import { matches, type DeadLetterFilter } from './filter.ts';
import { replayDeadLetters, type ReplayOptions, type ReplayResult } from './replay.ts';
import { createSeal, type SealSecret } from '../seal.ts';
import type { Tables } from '../database/tables.ts';

/** A write that changed nothing and failed for a temporary reason. */
export interface DeadLetter {
  /** The same for all failures of one write. */
  readonly id: string;
  /** The newest call that failed. A call that was refused before admission has no record in the ledger. */
  readonly callId: string;
  readonly tenant: string;
  /** The id of the key or user that called. */
  readonly principal: string;
  readonly connector: string;
  readonly connection: string;
  readonly tool: string;
  /** The cause of the newest failure. */
  readonly code: ErrorCode;
  /** The message that the caller received, at most 500 characters. */
  readonly message: string;
  readonly failedAt: number;
  /** How often it failed. */
  readonly attempts: number;
  /**
   * False: neither the caller nor the host gave the call a key, so the server cannot know whether the caller has repeated the call since. A
   * replay may then write a second time.
   */
  readonly keyed: boolean;
}

/** The dead letters of all tenants. Pass the tenant to each method that serves a tenant's request. */
export interface DeadLetters {
  /**
   * Lists the matching dead letters, newest first. `after` is the `next` of the previous page. `limit` is 100 by default and at most 1,000.
   */
  list(
    filter: DeadLetterFilter & { readonly limit?: number; readonly after?: string },
  ): Promise<{ readonly deadLetters: readonly DeadLetter[]; readonly next?: string }>;
  /**
   * Returns one dead letter with the arguments of its call, which may contain secrets.
   *
   * @throws {SealError} if no secret opens it.
   */
  get(id: string, filter?: Pick<DeadLetterFilter, 'tenant'>): Promise<(DeadLetter & { readonly arguments: unknown }) | undefined>;
  /** Drops the matching dead letters and returns how many it dropped. Skips a dead letter whose call is being settled. */
  discard(filter: DeadLetterFilter): Promise<number>;
  /**
   * Repeats the calls of the matching dead letters, oldest first and five at a time, with their original arguments, connection and
   * idempotency key. If the caller or another operator has already repeated a write, the replay gets the answer to that repetition and does
   * not execute the write again. A dead letter is removed if its call succeeded, may have written, or can never succeed. Otherwise it
   * stays, with the new cause.
   *
   * Rejects if the database fails. Calls that were repeated before the failure have taken effect. The other dead letters are unchanged.
   */
  replay(filter: DeadLetterFilter, options: ReplayOptions): Promise<ReplayResult>;
  /** Drops dead letters whose newest failure is older than `keepMs`, and returns how many it dropped. */
  prune(): Promise<number>;
}

/** Options for {@link createDeadLetters}. */
export interface DeadLettersOptions {
  /** The `deadLetters.secret` of the metering. */
  readonly secret: SealSecret;
  readonly clock?: Clock | undefined;
  /** The age at which `prune` drops a dead letter. Default 7 days. */
  readonly keepMs?: number | undefined;
}

const defaultLimit = 100;
const maxLimit = 1_000;
// Without `sealed`, which takes up to 64 KiB.
const listedColumns = [
  'id',
  'call_id',
  'tenant',
  'principal',
  'connector',
  'connection',
  'tool',
  'code',
  'message',
  'failed_at',
  'attempts',
  'keyed',
] as const;

/**
 * Reads, replays and discards the failed writes that a `postgresMetering` with `deadLetters` keeps.
 *
 * @throws {TypeError} for a secret of fewer than 32 characters.
 */
export function createDeadLetters(
  { db, reports }: Database,
  { secret, clock = systemClock, keepMs = 7 * 24 * 60 * 60_000 }: DeadLettersOptions,
): DeadLetters {
  const seal = createSeal(secret, 'dead-letters');

  async function discard(filter: DeadLetterFilter): Promise<number> {
    // Skips rows that a settlement has locked. A settlement must never wait for a discard.
    const { numDeletedRows } = await db
      .deleteFrom('dead_letters')
      .where('id', 'in', (eb) => eb.selectFrom('dead_letters').select('id').where(matches(filter)).forUpdate().skipLocked())
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  return {
    async list({ limit = defaultLimit, after, ...filter }) {
      const most = Math.min(limit, maxLimit);
      const from = after === undefined ? undefined : readCursor(after);
      const rows = await reports
        .selectFrom('dead_letters')
        .select(listedColumns)
        .where(matches(filter))
        .where(({ eb, refTuple, tuple, and }) => (from ? eb(refTuple('failed_at', 'id'), '<', tuple(...from)) : and([])))
        .orderBy('failed_at', 'desc')
        .orderBy('id', 'desc')
        .limit(most + 1)
        .execute();
      const page = rows.slice(0, most);
      const last = page.at(-1);
      return {
        deadLetters: page.map(toDeadLetter),
        ...(last && rows.length > most && { next: `${last.failed_at.getTime()} ${last.id}` }),
      };
    },
    async get(id, filter = {}) {
      const row = await db
        .selectFrom('dead_letters')
        .selectAll()
        .where(matches({ ...filter, ids: [id] }))
        .executeTakeFirst();
      return row && { ...toDeadLetter(row), arguments: openContent(row, seal).arguments };
    },
    discard,
    replay: (filter, options) => replayDeadLetters({ db, seal, now: () => clock.now() }, filter, options),
    prune: () => discard({ failedBefore: clock.now() - keepMs }),
  };
}

function readCursor(after: string): [failedAt: Date, id: string] {
  const [, failedAt, id] = /^(\d{1,13}) ([0-9a-f]{64})$/.exec(after) ?? [];
  if (failedAt === undefined || id === undefined)
    throw new ToolError('INVALID_INPUT', '`after` is not the `next` of a page of dead letters. Leave it out to start with the newest.');
  return [new Date(Number(failedAt)), id];
}

const toDeadLetter = (row: Omit<Selectable<Tables['dead_letters']>, 'sealed'>): DeadLetter => ({
  id: row.id,
  callId: row.call_id,
  tenant: row.tenant,
  principal: row.principal,
  connector: row.connector,
  connection: row.connection,
  tool: row.tool,
  code: row.code as ErrorCode,
  message: row.message,
  failedAt: row.failed_at.getTime(),
  attempts: row.attempts,
  keyed: row.keyed,
});
