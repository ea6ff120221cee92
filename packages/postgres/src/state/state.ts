import type { State, StateStore } from '@busbar/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { createSeal, type SealSecret } from '../seal.ts';
import { stateLog } from './log.ts';
import { createShelves, toName, type ShelfLimits, type Shelves } from './scopes.ts';

/**
 * How much a {@link postgresState} keeps; what does not fit is refused with STATE_FULL. `maxKeys` (keys and logs of one scope, default
 * 1,000), `maxValueBytes` (one value or log entry with its key, before sealing, default 64 KiB), `maxScopes` (scopes that hold something,
 * default 10,000), `maxScopeBytes` (all that one scope holds, default 64 MiB). Replicas of one database are given the same.
 */
export type StateLimits = Partial<ShelfLimits>;

/** What a {@link postgresState} works with. */
export interface PostgresStateOptions {
  /** Seals values and entries at rest. Without the secret that sealed them they cannot be read: see {@link SealSecret} for how to change it. */
  readonly secret: SealSecret;
  readonly limits?: StateLimits;
}

/**
 * State that outlives the process, shared by all replicas on one database. Keys and ids stand in the tables as hashes, what they name
 * sealed; names of scopes and logs are there to be read.
 *
 * Its methods throw what `State` says; `UNAVAILABLE` where the database fails; and {@link SealError} where what is there was sealed with
 * another secret: it is then neither given nor removed.
 *
 * @throws {TypeError} for a secret of less than 32 characters.
 */
export function postgresState(database: Database, { secret, limits = {} }: PostgresStateOptions): StateStore {
  const { maxKeys = 1_000, maxValueBytes = 64 * 1024, maxScopes = 10_000, maxScopeBytes = 64 * 1024 * 1024 } = limits;
  const shelves = createShelves(database, createSeal(secret, 'state'), { maxKeys, maxValueBytes, maxScopes, maxScopeBytes });
  return { open: (scope) => stateScope(shelves, scope) };
}

function stateScope(shelves: Shelves, scope: string): State {
  const { db, seal } = shelves;
  const toPlace = (name: string) => [scope, 'value', name];

  async function add(key: string, json: string): Promise<boolean> {
    const size = shelves.measure(key, json);
    const name = toName(scope, key);
    return shelves.change(scope, async (trx) => {
      const added = await trx
        .insertInto('state_values')
        .values({ scope, key: name, size, sealed: seal.seal(json, toPlace(name)) })
        .onConflict((conflict) => conflict.doNothing())
        .returning('size')
        .executeTakeFirst();
      return added ? { result: true, items: 1, bytes: size } : unchanged;
    });
  }

  async function replace(key: string, json: string, version: string): Promise<boolean> {
    const size = shelves.measure(key, json);
    const name = toName(scope, key);
    return shelves.change(scope, async (trx) => {
      const old = await trx
        .updateTable('state_values as value')
        .from('state_values as old')
        .set({ size, sealed: seal.seal(json, toPlace(name)), version: sql`nextval('state_serial')` })
        .where('value.scope', '=', scope)
        .where('value.key', '=', name)
        .where(sql`value.version::text`, '=', version)
        .whereRef('old.scope', '=', 'value.scope')
        .whereRef('old.key', '=', 'value.key')
        .returning('old.size')
        .executeTakeFirst();
      return old ? { result: true, items: 0, bytes: size - old.size } : unchanged;
    });
  }

  async function remove(name: string, version: string): Promise<boolean> {
    return shelves.change(scope, async (trx) => {
      const old = await trx
        .deleteFrom('state_values')
        .where('scope', '=', scope)
        .where('key', '=', name)
        .where(sql`version::text`, '=', version)
        .returning('size')
        .executeTakeFirst();
      return old ? { result: true, items: -1, bytes: -old.size } : unchanged;
    });
  }

  const find = (name: string) =>
    shelves.reach(() =>
      db
        .selectFrom('state_values')
        .select(['sealed', sql<string>`version::text`.as('version')])
        .where('scope', '=', scope)
        .where('key', '=', name)
        .executeTakeFirst(),
    );

  return {
    async get(key, schema) {
      const name = toName(scope, key);
      const stored = await find(name);
      if (!stored) return undefined;
      const parsed = schema.safeParse(JSON.parse(seal.open(stored.sealed, toPlace(name))));
      if (parsed.success) return { value: parsed.data, version: stored.version };
      // What no longer fits is gone for good, or a `set` that says "only if absent" could never succeed.
      await remove(name, stored.version);
      return undefined;
    },
    async set(key, value, version) {
      if (value === undefined) return version === undefined ? !(await find(toName(scope, key))) : remove(toName(scope, key), version);
      const json = JSON.stringify(value) ?? 'null';
      return version === undefined ? add(key, json) : replace(key, json, version);
    },
    log: (spec) => stateLog(shelves, scope, spec, (value) => spec.entry.safeParse(value)),
  };
}

const unchanged = { result: false, items: 0, bytes: 0 };
