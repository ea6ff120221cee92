import { hash } from 'node:crypto';
import { ToolError } from '@busbar/core';
import { sql, type Transaction } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Seal } from '../seal.ts';
import type { Tables } from '../database/tables.ts';

/** The limits of a state store. See {@link StateLimits}. */
export interface ShelfLimits {
  readonly maxKeys: number;
  readonly maxValueBytes: number;
  readonly maxScopes: number;
  readonly maxScopeBytes: number;
}

/** What a write has changed of what a scope holds. */
export interface Change<R> {
  readonly result: R;
  /** Keys and logs more, or less. */
  readonly items: number;
  /** Bytes more, or less. */
  readonly bytes: number;
}

/** The tables of a state store: reached, sealed, counted. */
export interface Shelves {
  readonly db: Database['db'];
  readonly seal: Seal;
  /** The size of what is to be stored. @throws {ToolError} STATE_FULL where it is too large. */
  measure(name: string, json: string): number;
  /** Runs a query. @throws {ToolError} UNAVAILABLE where the database fails. */
  reach<R>(query: () => Promise<R>): Promise<R>;
  /**
   * Runs `write` in a transaction, while nobody else writes to the scope, and counts what it changed. A limit that is passed undoes it.
   *
   * @throws {ToolError} STATE_FULL at a limit, UNAVAILABLE where the database fails.
   */
  change<R>(scope: string, write: (db: Transaction<Tables>) => Promise<Change<R>>): Promise<R>;
}

/** Makes the shelves of one store. */
export function createShelves({ db }: Database, seal: Seal, limits: ShelfLimits): Shelves {
  async function reach<R>(query: () => Promise<R>): Promise<R> {
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
    const holds = await trx
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
    if (change.items > 0 && holds.items > limits.maxKeys) throw stateFull(`There are ${limits.maxKeys} keys and logs already.`);
    if (change.bytes > 0 && Number(holds.bytes) > limits.maxScopeBytes)
      throw stateFull(`All of it together may take ${limits.maxScopeBytes} bytes.`);
    if (holds.items === 0) await trx.deleteFrom('state_scopes').where('scope', '=', scope).execute();
    // An empty scope has no row, so this one is new.
    else if (holds.items === change.items) await countScopes(trx);
  }

  async function countScopes(trx: Transaction<Tables>): Promise<void> {
    await lock(trx, 'state scopes');
    const { scopes } = await trx
      .selectFrom('state_scopes')
      .select((eb) => eb.fn.countAll().as('scopes'))
      .executeTakeFirstOrThrow();
    if (Number(scopes) > limits.maxScopes) throw stateFull('This server holds state for as many connections as it may.');
  }

  return {
    db,
    seal,
    reach,
    measure(name, json) {
      const size = Buffer.byteLength(name) + Buffer.byteLength(json);
      if (size > limits.maxValueBytes) throw stateFull(`One value takes ${size} bytes, and ${limits.maxValueBytes} is the most.`);
      return size;
    },
    change: (scope, write) =>
      reach(() =>
        // Each statement after the lock has to see what its earlier holders wrote.
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
 * What stands in the tables for a key or an id, which is the last part; the others say whose it is, so that equal ones of two scopes do not
 * look alike. It may be of any length and hold any character, those too that PostgreSQL refuses, and may name a person, whom a copy of the
 * tables then does not show.
 */
export function toName(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

/** The refusal of a store at a limit. */
export function stateFull(reason: string): ToolError {
  return new ToolError('STATE_FULL', `Nothing was stored: ${reason} Try again once the connection’s job has delivered what waits.`);
}

async function lock(trx: Transaction<Tables>, what: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${what}, 0))`.execute(trx);
}
