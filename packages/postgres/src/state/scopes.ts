import { hash } from 'node:crypto';
import { ToolError } from '@busbar/core';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Seal } from '../seal.ts';
import type { Tables } from '../database/tables.ts';

/** The limits of a state store. See {@link StateLimits}. */
export interface ScopeLimits {
  readonly maxKeys: number;
  readonly maxValueBytes: number;
  readonly maxScopes: number;
  readonly maxScopeBytes: number;
}

/** The effect of a write on the size of a scope. */
export interface Change<R> {
  readonly result: R;
  /** The change in the number of keys and logs. */
  readonly items: number;
  /** The change in bytes. */
  readonly bytes: number;
}

/** The scopes of a state store: their tables, their seal and their limits. */
export interface Scopes {
  readonly db: Database['db'];
  readonly seal: Seal;
  /** The size of a value in bytes. @throws {ToolError} STATE_FULL if it is too large. */
  measure(name: string, json: string): number;
  /** Runs a query. @throws {ToolError} UNAVAILABLE if the database fails. */
  run<R>(query: () => Promise<R>): Promise<R>;
  /**
   * Runs `write` in a transaction that locks the scope, and adds the change to the scope's size. Exceeding a limit rolls the transaction
   * back.
   *
   * @throws {ToolError} STATE_FULL at a limit, UNAVAILABLE if the database fails.
   */
  change<R>(scope: string, write: (db: Transaction<Tables>) => Promise<Change<R>>): Promise<R>;
  /** Runs long work of a scope after its earlier long work, so that no scope has more than one of this process at a time. */
  inTurn<R>(scope: string, work: () => Promise<R>): Promise<R>;
}

/** Creates the scopes of one store. */
export function createScopes({ db }: Database, seal: Seal, limits: ScopeLimits): Scopes {
  async function run<R>(query: () => Promise<R>): Promise<R> {
    try {
      return await query();
    } catch (cause) {
      if (ToolError.is(cause)) throw cause;
      const message = 'This server cannot reach its store at the moment. Try again in a few seconds.';
      throw new ToolError('UNAVAILABLE', message, { cause, retryAfterMs: 5_000 });
    }
  }

  async function count(trx: Transaction<Tables>, scope: string, change: Change<unknown>): Promise<void> {
    if (change.items === 0 && change.bytes === 0) return;
    const totals = await trx
      .insertInto('state_scopes')
      .values({ scope, items: change.items, bytes: change.bytes })
      .onConflict((conflict) =>
        conflict.column('scope').doUpdateSet((eb) => ({
          items: eb('state_scopes.items', '+', eb.ref('excluded.items')),
          bytes: eb('state_scopes.bytes', '+', eb.ref('excluded.bytes')),
        })),
      )
      .returning(['items', 'bytes'])
      .executeTakeFirstOrThrow();
    if (change.items > 0 && totals.items > limits.maxKeys) throw stateFull(`There are ${limits.maxKeys} keys and logs already.`);
    if (change.bytes > 0 && Number(totals.bytes) > limits.maxScopeBytes)
      throw stateFull(`All of it together may take ${limits.maxScopeBytes} bytes.`);
    if (totals.items === 0) await trx.deleteFrom('state_scopes').where('scope', '=', scope).execute();
    // An empty scope has no row, so this row is new.
    else if (totals.items === change.items) await countScopes(trx);
  }

  async function countScopes(trx: Transaction<Tables>): Promise<void> {
    await lock(trx, 'state scopes');
    const { scopes } = await trx
      .selectFrom('state_scopes')
      .select((eb) => eb.fn.countAll().as('scopes'))
      .executeTakeFirstOrThrow();
    if (Number(scopes) > limits.maxScopes) throw stateFull('This server holds state for as many connections as it may.');
  }

  /** The last work of each scope that has long work. */
  const turns = new Map<string, Promise<unknown>>();

  async function inTurn<R>(scope: string, work: () => Promise<R>): Promise<R> {
    const turn = (turns.get(scope) ?? Promise.resolve()).then(work, work);
    turns.set(scope, turn);
    try {
      return await turn;
    } finally {
      if (turns.get(scope) === turn) turns.delete(scope);
    }
  }

  return {
    db,
    seal,
    run,
    inTurn,
    measure(name, json) {
      const size = Buffer.byteLength(name) + Buffer.byteLength(json);
      if (size > limits.maxValueBytes) throw stateFull(`One value takes ${size} bytes, and ${limits.maxValueBytes} is the most.`);
      return size;
    },
    change: (scope, write) =>
      run(() =>
        // Each statement after the lock must see the writes of the lock's earlier holders.
        db
          .transaction()
          .setIsolationLevel('read committed')
          .execute(async (trx) => {
            await lock(trx, `state scope ${scope}`);
            const change = await write(trx);
            await count(trx, scope, change);
            return change.result;
          }),
      ),
  };
}

/**
 * Returns the hash that the tables store instead of a key or an id. The last part is the key or id. The other parts name its owner, so
 * equal keys in two scopes have different hashes. A key may have any length and contain any character, including characters that PostgreSQL
 * refuses. A key may name a person, and a copy of the tables does not reveal that name.
 */
export function toName(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

/** The refusal of a write that would exceed a limit. */
export function stateFull(reason: string): ToolError {
  return new ToolError(
    'STATE_FULL',
    `Nothing was stored: ${reason} Try again once the connection’s job has delivered the waiting entries.`,
  );
}

async function lock(trx: Transaction<Tables>, name: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(trx);
}
