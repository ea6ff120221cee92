import { hash, randomBytes } from 'node:crypto';
import { ToolError, type Clock } from '@busbar/core';
import { sql, type Selectable } from 'kysely';
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

/** A stored key. Times are in milliseconds since the epoch. */
export interface StoredApiKey extends ApiKey {
  readonly createdAt: number;
  readonly lastUsedAt?: number | undefined;
  /** Absent: the key is valid. */
  readonly revokedAt?: number | undefined;
}

/** The API keys of all tenants. */
export interface ApiKeys {
  /** Creates a key. The returned `key` is the only copy. */
  create(input: NewApiKey): Promise<ApiKey & { readonly key: string }>;
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
  get(id: string): Promise<StoredApiKey | undefined>;
  /**
   * Lists the keys of one tenant, or of all tenants if no tenant is given, in order of id. Revoked keys are included. `after` is the last
   * id of the previous page. `limit` is 1 to 1,000.
   */
  list(query: {
    readonly tenant?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly keys: readonly StoredApiKey[]; readonly next?: string }>;
  /** Revokes a key permanently. Returns false if the key does not exist or was revoked before. */
  revoke(id: string): Promise<boolean>;
}

type ApiKeyRow = Pick<Selectable<Tables['api_keys']>, 'id' | 'tenant' | 'name' | 'prefix' | 'hash' | 'roles' | 'toolsets'>;

const maxListed = 1_000;
const keyPattern = /^bb_[A-Za-z0-9_-]{43}$/;
const firstId = 'key_first';

/** Stores API keys. A key is 256 random bits, so a plain SHA-256 hash of it is safe to store and fast to look up. */
export function createApiKeys({ db, signIn }: Database, clock: Clock): ApiKeys {
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

  const insert = async (id: string, input: NewApiKey) => {
    const key = `bb_${randomBytes(32).toString('base64url')}`;
    const created = { ...input, id, prefix: key.slice(0, 9), key };
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('api_keys')
      .values({
        id,
        tenant: input.tenant,
        name: input.name,
        prefix: created.prefix,
        hash: digest(key),
        roles: [...input.roles],
        toolsets: input.toolsets ? [...input.toolsets] : null,
        created_at: new Date(clock.now()),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n ? created : undefined;
  };

  return {
    async create(input) {
      const created = await insert(`key_${randomBytes(9).toString('base64url')}`, input);
      if (!created) throw new Error('Two API keys got the same random id');
      return created;
    },

    createFirst: (input) => insert(firstId, input),

    async use(key) {
      if (!keyPattern.test(key)) return undefined;
      const hashed = digest(key);
      return (await lookups.add(hashed))(hashed);
    },

    async get(id) {
      const row = await db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toStored(row);
    },

    async list({ tenant, after, limit }) {
      if (!Number.isInteger(limit) || limit < 1 || limit > maxListed)
        throw new RangeError(`The limit must be a whole number from 1 to ${maxListed}`);
      const rows = await db
        .selectFrom('api_keys')
        .selectAll()
        .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
        .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
        .orderBy('id')
        .limit(limit + 1)
        .execute();
      const keys = rows.slice(0, limit).map(toStored);
      const last = keys.at(-1);
      return { keys, ...(last && rows.length > limit && { next: last.id }) };
    },

    async revoke(id) {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ revoked_at: new Date(clock.now()) })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
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
  lastUsedAt: row.last_used_at?.getTime(),
  revokedAt: row.revoked_at?.getTime(),
});

const tooManyLookups = () => new ToolError('UNAVAILABLE', 'Too many API keys are being checked. Try again in a moment.');

const digest = (key: string) => hash('sha256', key);
