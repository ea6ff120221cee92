import type { State, StateStore } from '@busbar/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { createSeal, type SealSecret } from '../seal.ts';
import { stateLog } from './log.ts';
import { createScopes, toName, type ScopeLimits, type Scopes } from './scopes.ts';

/**
 * The limits of a {@link postgresState}, which refuses a write beyond them with STATE_FULL: `maxKeys` (keys and logs of one scope, default
 * 1,000), `maxValueBytes` (one value or log entry with its key, before sealing, default 64 KiB), `maxScopes` (scopes that are not empty,
 * default 10,000), `maxScopeBytes` (all values and entries of one scope, default 64 MiB). Give all replicas of one database the same
 * limits.
 */
export type StateLimits = Partial<ScopeLimits>;

/** Options for {@link postgresState}. */
export interface PostgresStateOptions {
  /** Seals values and entries at rest. Without it they cannot be read. To change it, give a list: see {@link SealSecret}. */
  readonly secret: SealSecret;
  readonly limits?: StateLimits | undefined;
}

/**
 * Durable state that all replicas on one database share. The tables store keys and ids as hashes, values and entries in sealed form, and
 * the names of scopes and logs in plain text.
 *
 * Its methods throw the errors that `State` documents, `UNAVAILABLE` if the database fails, and {@link SealError} for a value that was
 * sealed with another secret. Such a value is neither returned nor removed.
 *
 * @throws {TypeError} for a secret of fewer than 32 characters.
 */
export function postgresState(database: Database, { secret, limits = {} }: PostgresStateOptions): StateStore {
  const { maxKeys = 1_000, maxValueBytes = 64 * 1024, maxScopes = 10_000, maxScopeBytes = 64 * 1024 * 1024 } = limits;
  const scopes = createScopes(database, createSeal(secret, 'state'), { maxKeys, maxValueBytes, maxScopes, maxScopeBytes });
  return { open: (scope) => stateScope(scopes, scope) };
}

function stateScope(scopes: Scopes, scope: string): State {
  const { db, seal } = scopes;
  const locationOf = (name: string) => [scope, 'value', name];

  async function add(key: string, json: string): Promise<boolean> {
    const size = scopes.measure(key, json);
    const name = toName(scope, key);
    return scopes.change(scope, async (trx) => {
      const added = await trx
        .insertInto('state_values')
        .values({ scope, key: name, size, sealed: seal.seal(json, locationOf(name)) })
        .onConflict((conflict) => conflict.doNothing())
        .returning('size')
        .executeTakeFirst();
      return added ? { result: true, items: 1, bytes: size } : unchanged;
    });
  }

  async function replace(key: string, json: string, version: string): Promise<boolean> {
    const size = scopes.measure(key, json);
    const name = toName(scope, key);
    return scopes.change(scope, async (trx) => {
      const old = await trx
        .updateTable('state_values as value')
        .from('state_values as old')
        .set({ size, sealed: seal.seal(json, locationOf(name)), version: sql`nextval('state_serial')` })
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
    return scopes.change(scope, async (trx) => {
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
    scopes.run(() =>
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
      const parsed = schema.safeParse(JSON.parse(seal.open(stored.sealed, locationOf(name))));
      if (parsed.success) return { value: parsed.data, version: stored.version };
      // A value that no longer fits the schema is removed: otherwise a `set` "only if absent" could never succeed.
      await remove(name, stored.version);
      return undefined;
    },
    async set(key, value, version) {
      if (value === undefined) return version === undefined ? !(await find(toName(scope, key))) : remove(toName(scope, key), version);
      const json = JSON.stringify(value) ?? 'null';
      return version === undefined ? add(key, json) : replace(key, json, version);
    },
    log: (spec) => stateLog(scopes, scope, spec, (value) => spec.entry.safeParse(value)),
  };
}

const unchanged = { result: false, items: 0, bytes: 0 };
