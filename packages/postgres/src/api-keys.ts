import { hash, randomBytes } from 'node:crypto';
import { ToolError, type Clock } from '@busbar/core';
import { sql, type Kysely, type Selectable } from 'kysely';
import type { Database } from './database/database.ts';
import { groupCommit } from './database/group-commit.ts';
import { timeParameter } from './database/sql-parameters.ts';
import type { Tables } from './database/tables.ts';

/** The record of an API key, without the key itself. */
export interface ApiKey {
  /** Opaque, safe to log. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** `bb_` and the next 6 characters, so that a person can recognize the key. */
  readonly prefix: string;
  readonly roles: readonly string[];
  /** Absent: all toolsets. */
  readonly toolsets?: readonly string[] | undefined;
}

/** The input for a new key. */
export type NewApiKey = Omit<ApiKey, 'id' | 'prefix'>;

/** The conditions for creating a key. They hold when the key is committed, however many keys are created and revoked at the same time. */
export interface ApiKeyConditions {
  /** The key that creates the key, with the rights that its principal was seen to have: it must be valid and still have just these. */
  readonly maker?: Pick<ApiKey, 'id' | 'tenant' | 'roles' | 'toolsets'> | undefined;
  /** The most valid keys that the tenant may have then. Default: no limit. */
  readonly maxOfTenant?: number | undefined;
}

/** A stored key. Times are in milliseconds since the epoch. */
export interface StoredApiKey extends ApiKey {
  readonly createdAt: number;
  /** The id of the key that created this key. Absent for keys that were created without a maker. */
  readonly createdBy?: string | undefined;
  readonly lastUsedAt?: number | undefined;
  /** Absent: the key is valid. */
  readonly revokedAt?: number | undefined;
}

/** Keys of one tenant, or of all tenants if no tenant is given. */
export interface ApiKeyScope {
  readonly tenant?: string | undefined;
}

/** The API keys of all tenants. */
export interface ApiKeys {
  /**
   * Creates a key. The returned `key` is the only copy.
   *
   * @throws {ToolError} UNAUTHENTICATED if the maker was revoked or has other rights now. CONFLICT if the tenant has too many keys.
   */
  create(input: NewApiKey, conditions?: ApiKeyConditions): Promise<ApiKey & { readonly key: string }>;
  /**
   * Creates the first key of a database. If many processes start at the same time, only one of them creates it. Returns undefined if the
   * first key already existed.
   */
  createFirst(input: NewApiKey): Promise<(ApiKey & { readonly key: string }) | undefined>;
  /**
   * Returns the key's record and records the time of use. Returns undefined for an unknown or revoked key. Reads what is committed when it
   * is called, or later. Keys that are looked up together share a statement, which waits for no lock.
   */
  use(key: string): Promise<ApiKey | undefined>;
  /** Returns the record of a valid or revoked key. */
  get(id: string, scope?: ApiKeyScope): Promise<StoredApiKey | undefined>;
  /**
   * Lists keys in order of id, over a connection for reports. `valid`: without revoked keys. `after` is the last id of the previous page.
   * `limit` is 1 to 1,000.
   */
  list(
    query: ApiKeyScope & { readonly valid?: boolean; readonly after?: string | undefined; readonly limit: number },
  ): Promise<{ readonly keys: readonly StoredApiKey[]; readonly next?: string }>;
  /**
   * Revokes a key permanently. Returns false if the key does not exist or was revoked before. When it resolves, the key cannot be the maker
   * of a key any more.
   */
  revoke(id: string, scope?: ApiKeyScope): Promise<boolean>;
  /**
   * Finds the valid keys that a key made, and that those keys made, and so on, in order of id, over a connection for reports. Returns at
   * most 200, of the first 10,000 keys in that line. `more`: there may be others.
   */
  madeBy(id: string, scope?: ApiKeyScope): Promise<{ readonly keys: readonly StoredApiKey[]; readonly more: boolean }>;
  /**
   * Deletes keys that were revoked more than 90 days ago, and returns how many. Keeps keys that made keys which are still stored, for
   * {@link madeBy}, and the first key, so that {@link createFirst} creates no other.
   */
  prune(): Promise<number>;
}

type ApiKeyRow = Pick<Selectable<Tables['api_keys']>, 'id' | 'tenant' | 'name' | 'prefix' | 'hash' | 'roles' | 'toolsets'>;

const maxListed = 1_000;
const maxMade = 200;
const maxVisited = 10_000;
const keepRevokedMs = 90 * 24 * 60 * 60_000;
// The first number of the advisory locks of keys. The second is the tenant's.
const keysLock = 0x62757362;
/** Finds API keys in a text. */
export const apiKeyPattern = /bb_[A-Za-z0-9_-]{43}/;
const keyPattern = new RegExp(`^${apiKeyPattern.source}$`);
const firstId = 'key_first';

/** Stores API keys. A key is 256 random bits, so a plain SHA-256 hash of it is safe to store and fast to look up. */
export function createApiKeys({ db, signIn, reports }: Database, clock: Clock): ApiKeys {
  const lookups = groupCommit<string, ApiKey | undefined>(
    async (hashes) => {
      // The lock keeps two replicas that look up the same keys from waiting for each other.
      const { rows } = await sql<ApiKeyRow>`
        with found as materialized (
          select id, tenant, name, prefix, hash, roles, toolsets from api_keys where hash = any(${hashes}::text[]) and revoked_at is null
        ), held as materialized (
          select id from api_keys where id in (select id from found) for no key update skip locked
        ), used as (
          update api_keys set last_used_at = ${timeParameter(clock.now())} from held where api_keys.id = held.id
        )
        select * from found`.execute(signIn);
      const records = new Map(rows.map(({ hash: of, toolsets, ...key }) => [of, { ...key, toolsets: toolsets ?? undefined }]));
      return (of) => records.get(of);
    },
    { maxBatch: 500, maxWaiting: 10_000, full: tooManyLookups },
  );

  function newKey(id: string, { tenant, name, roles, toolsets }: NewApiKey) {
    const key = `bb_${randomBytes(32).toString('base64url')}`;
    const created = { id, tenant, name, roles, toolsets, prefix: key.slice(0, 9), key };
    const row = {
      id,
      tenant,
      name,
      prefix: created.prefix,
      hash: digest(key),
      roles: [...roles],
      toolsets: toolsets ? [...toolsets] : null,
      created_at: new Date(clock.now()),
    };
    return { created, row };
  }

  /** Checks the conditions, in the transaction that inserts the key. Locks what they depend on. */
  async function check(trx: Kysely<Tables>, tenant: string, { maker, maxOfTenant }: ApiKeyConditions): Promise<void> {
    if (maker) {
      // A revocation waits for this lock. Its own statement for the keys that were made then sees the new key.
      const { rows } = await sql`
        select from api_keys where id = ${maker.id} and tenant = ${maker.tenant} and revoked_at is null
          and roles = ${[...maker.roles]}::text[] and toolsets is not distinct from ${maker.toolsets ? [...maker.toolsets] : null}::text[]
        for share`.execute(trx);
      if (rows.length === 0)
        throw new ToolError('UNAUTHENTICATED', 'This API key was revoked, or its rights were changed. Nothing was created.');
    }
    if (maxOfTenant === undefined) return;
    await sql`select pg_advisory_xact_lock(${sql.lit(keysLock)}, hashtext(${tenant}))`.execute(trx);
    // A statement of its own, because only a statement after the lock sees the keys that were committed before it.
    const { rows } = await sql<{ valid: number }>`
      select count(*)::int as valid from (
        select from api_keys where tenant = ${tenant} and revoked_at is null limit ${sql.lit(maxOfTenant)}
      ) as each`.execute(trx);
    if ((rows[0]?.valid ?? 0) >= maxOfTenant)
      throw new ToolError(
        'CONFLICT',
        `This tenant has ${maxOfTenant} valid keys, the most that it may have. Revoke a key, then try again.`,
      );
  }

  return {
    async create(input, conditions) {
      const { created, row } = newKey(`key_${randomBytes(9).toString('base64url')}`, input);
      if (!conditions) await db.insertInto('api_keys').values(row).execute();
      else
        await db.transaction().execute(async (trx) => {
          await check(trx, input.tenant, conditions);
          await trx
            .insertInto('api_keys')
            .values({ ...row, created_by: conditions.maker?.id ?? null })
            .execute();
        });
      return created;
    },

    async createFirst(input) {
      const { created, row } = newKey(firstId, input);
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('api_keys')
        .values(row)
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n ? created : undefined;
    },

    async use(key) {
      if (!keyPattern.test(key)) return undefined;
      const hashed = digest(key);
      return (await lookups.add(hashed))(hashed);
    },

    async get(id, { tenant } = {}) {
      const row = await db
        .selectFrom('api_keys')
        .selectAll()
        .where('id', '=', id)
        .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
        .executeTakeFirst();
      return row && toStored(row);
    },

    async list({ tenant, valid = false, after, limit }) {
      if (!Number.isInteger(limit) || limit < 1 || limit > maxListed)
        throw new RangeError(`The limit must be a whole number from 1 to ${maxListed}`);
      const rows = await reports
        .selectFrom('api_keys')
        .selectAll()
        .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
        .$if(valid, (query) => query.where('revoked_at', 'is', null))
        .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
        .orderBy('id')
        .limit(limit + 1)
        .execute();
      const keys = rows.slice(0, limit).map(toStored);
      const last = keys.at(-1);
      return { keys, ...(last && rows.length > limit && { next: last.id }) };
    },

    async revoke(id, { tenant } = {}) {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ revoked_at: new Date(clock.now()) })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    },

    async madeBy(id, { tenant } = {}) {
      const { rows } = await sql<{ readonly visited: number } & Partial<Selectable<Tables['api_keys']>>>`
        with recursive made as (
          select id from api_keys where created_by = ${id}
          union select api_keys.id from api_keys join made on api_keys.created_by = made.id
        ), visited as materialized (select id from made limit ${sql.lit(maxVisited + 1)}), valid as (
          select api_keys.* from api_keys join visited using (id)
          where revoked_at is null ${tenant === undefined ? sql`` : sql`and tenant = ${tenant}`}
          order by id limit ${sql.lit(maxMade + 1)}
        )
        select * from (select count(*)::int as visited from visited) as line left join valid on true order by id`.execute(reports);
      const keys = rows.filter((row): row is typeof row & Selectable<Tables['api_keys']> => row.id !== null);
      const [first] = rows;
      return { keys: keys.slice(0, maxMade).map(toStored), more: keys.length > maxMade || (first?.visited ?? 0) > maxVisited };
    },

    async prune() {
      const { numAffectedRows = 0n } = await sql`
        delete from api_keys where revoked_at < ${timeParameter(clock.now() - keepRevokedMs)} and id <> ${firstId}
          and not exists (select from api_keys as made where made.created_by = api_keys.id)`.execute(db);
      return Number(numAffectedRows);
    },
  };
}

const toStored = (row: Selectable<Tables['api_keys']>): StoredApiKey => ({
  id: row.id,
  tenant: row.tenant,
  name: row.name,
  prefix: row.prefix,
  roles: row.roles,
  toolsets: row.toolsets ?? undefined,
  createdAt: row.created_at.getTime(),
  createdBy: row.created_by ?? undefined,
  lastUsedAt: row.last_used_at?.getTime(),
  revokedAt: row.revoked_at?.getTime(),
});

const tooManyLookups = () => new ToolError('UNAVAILABLE', 'Too many API keys are being checked. Try again in a moment.');

const digest = (key: string) => hash('sha256', key);
