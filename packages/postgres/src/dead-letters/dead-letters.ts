import { systemClock, ToolError, type Clock, type ErrorCode } from '@busbar/core';
import type { Selectable } from 'kysely';
import type { Database } from '../database/database.ts';
import { fits, type DeadLetterFilter } from './filter.ts';
import { replayLetters, type ReplayOptions, type ReplayedLetters } from './replay.ts';
import { openLetter } from './dead-letter.ts';
import { createSeal, type SealSecret } from '../seal.ts';
import type { Tables } from '../database/tables.ts';

/** A write that failed without having written anything, for a reason that passes. */
export interface DeadLetter {
  /** The same for all failures of one write. */
  readonly id: string;
  /** The newest call that failed. One that was refused before it was admitted has no record in the ledger. */
  readonly callId: string;
  readonly tenant: string;
  /** The id of the key or user that called. */
  readonly principal: string;
  readonly connector: string;
  readonly connection: string;
  readonly tool: string;
  /** Why it failed, the last time. */
  readonly code: ErrorCode;
  /** What the caller was told, at most 500 characters. */
  readonly message: string;
  readonly failedAt: number;
  /** How often it failed. */
  readonly attempts: number;
  /**
   * False: the caller gave no key and the host made none, so nobody knows whether the caller has made the call anew since. A replay may
   * then write what is there already.
   */
  readonly keyed: boolean;
}

/** The letters of all tenants. Give each method the tenant wherever a tenant asks. */
export interface DeadLetters {
  /** Those that fit, newest first. `after` is the `next` of the page before; `limit` is 100 unless told otherwise, and 1,000 at most. */
  list(
    filter: DeadLetterFilter & { readonly limit?: number; readonly after?: string },
  ): Promise<{ readonly letters: readonly DeadLetter[]; readonly next?: string }>;
  /**
   * One letter with the arguments of its call, which may hold secrets.
   *
   * @throws {SealError} where no secret opens it.
   */
  get(id: string, filter?: Pick<DeadLetterFilter, 'tenant'>): Promise<(DeadLetter & { readonly arguments: unknown }) | undefined>;
  /** Drops those that fit, and says how many they were. One whose call is being settled at this moment stays. */
  discard(filter: DeadLetterFilter): Promise<number>;
  /**
   * Makes the calls of those that fit again, oldest first and five at a time: with the arguments, the connection and the idempotency key of
   * then, so that what the caller or another operator has done meanwhile is answered, and not done twice. A letter goes where its call
   * succeeded, may have written, or can never succeed; else it stays, with the new cause.
   *
   * Rejects where the database fails. The letters that were done are done, and the others are as they were.
   */
  replay(filter: DeadLetterFilter, options: ReplayOptions): Promise<ReplayedLetters>;
  /** Drops letters that failed longer ago than `keepMs`, and says how many they were. */
  prune(): Promise<number>;
}

/** What {@link createDeadLetters} works with. */
export interface DeadLettersOptions {
  /** That of the metering which writes the letters. */
  readonly secret: SealSecret;
  readonly clock?: Clock;
  /** How long `prune` leaves a letter. Default 7 days. */
  readonly keepMs?: number;
}

const defaultLimit = 100;
const maxLimit = 1_000;
// Without what is sealed, which takes up to 64 KiB a letter.
const shown = [
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
 * The failed writes that a `postgresMetering` with `deadLetters` put aside.
 *
 * @throws {TypeError} for a secret of less than 32 characters.
 */
export function createDeadLetters(
  { db }: Database,
  { secret, clock = systemClock, keepMs = 7 * 24 * 60 * 60_000 }: DeadLettersOptions,
): DeadLetters {
  const seal = createSeal(secret, 'dead-letters');

  async function discard(filter: DeadLetterFilter): Promise<number> {
    // What a settlement has in hand is left to it: it must never wait for this, nor for what this has locked.
    const { numDeletedRows } = await db
      .deleteFrom('dead_letters')
      .where('id', 'in', (eb) => eb.selectFrom('dead_letters').select('id').where(fits(filter)).forUpdate().skipLocked())
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows);
  }

  return {
    async list({ limit = defaultLimit, after, ...filter }) {
      const most = Math.min(limit, maxLimit);
      const from = after === undefined ? undefined : toPlace(after);
      const rows = await db
        .selectFrom('dead_letters')
        .select(shown)
        .where(fits(filter))
        .where(({ eb, refTuple, tuple, and }) => (from ? eb(refTuple('failed_at', 'id'), '<', tuple(...from)) : and([])))
        .orderBy('failed_at', 'desc')
        .orderBy('id', 'desc')
        .limit(most + 1)
        .execute();
      const page = rows.slice(0, most);
      const last = page.at(-1);
      return { letters: page.map(toLetter), ...(last && rows.length > most && { next: `${last.failed_at.getTime()} ${last.id}` }) };
    },
    async get(id, filter = {}) {
      const row = await db
        .selectFrom('dead_letters')
        .selectAll()
        .where(fits({ ...filter, ids: [id] }))
        .executeTakeFirst();
      return row && { ...toLetter(row), arguments: openLetter(row, seal).arguments };
    },
    discard,
    replay: (filter, options) => replayLetters({ db, seal, now: () => clock.now() }, filter, options),
    prune: () => discard({ failedBefore: clock.now() - keepMs }),
  };
}

function toPlace(after: string): [failedAt: Date, id: string] {
  const [, failedAt, id] = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(after) ?? [];
  if (failedAt === undefined || id === undefined)
    throw new ToolError('INVALID_INPUT', '`after` is not the `next` of a page of letters. Leave it out to start with the newest.');
  return [new Date(Number(failedAt)), id];
}

const toLetter = (row: Omit<Selectable<Tables['dead_letters']>, 'sealed'>): DeadLetter => ({
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
