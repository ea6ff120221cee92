import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '@busbar/core';
import type { Selectable } from 'kysely';
import type { Database } from './database/database.ts';
import type { Tables } from './database/tables.ts';

/** An API key as it is kept: everything but the key. */
export interface ApiKey {
  /** Opaque, safe to log. */
  readonly id: string;
  readonly tenant: string;
  readonly name: string;
  /** `bb_` and the first 6 characters after it, to recognize a key by. */
  readonly prefix: string;
  readonly roles: readonly string[];
  /** Absent: all toolsets. */
  readonly toolsets?: readonly string[] | undefined;
}

/** What a new key is for. */
export type NewApiKey = Omit<ApiKey, 'id' | 'prefix'>;

/** A key as it is listed. Times are in milliseconds since the epoch. */
export interface KeptApiKey extends ApiKey {
  readonly createdAt: number;
  readonly lastUsedAt?: number | undefined;
  /** Absent: it is good. */
  readonly revokedAt?: number | undefined;
}

/** The API keys of all tenants. */
export interface ApiKeys {
  /** Makes a key. The `key` given back is the only copy there will ever be. */
  create(wanted: NewApiKey): Promise<ApiKey & { readonly key: string }>;
  /** Makes a key on the first start of a database and never again, however many processes start at once. */
  createFirst(wanted: NewApiKey): Promise<(ApiKey & { readonly key: string }) | undefined>;
  /** The key's record, and a note that it was used now. Undefined for a key that was never made, or was revoked. */
  use(key: string): Promise<ApiKey | undefined>;
  /** The key of that id, revoked or not. */
  get(id: string): Promise<KeptApiKey | undefined>;
  /**
   * Keys, revoked ones too, in the order of their ids: of a tenant, or of all where none is named. `after` is the id before the page; `limit` is
   * 1 to 1,000.
   */
  list(query: {
    readonly tenant?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<{ readonly keys: readonly KeptApiKey[]; readonly next?: string }>;
  /** Ends a key for good. False where there is no such key, or none that is still good. */
  revoke(id: string): Promise<boolean>;
}

const maxListed = 1_000;
const keyPattern = /^bb_[A-Za-z0-9_-]{43}$/;
const firstId = 'key_first';

/** Keeps API keys. A key is 256 random bits, so a plain SHA-256 of it is safe to keep and quick to find. */
export function createApiKeys({ db }: Database, clock: Clock): ApiKeys {
  const insert = async (id: string, wanted: NewApiKey) => {
    const key = `bb_${randomBytes(32).toString('base64url')}`;
    const made = { ...wanted, id, prefix: key.slice(0, 9), key };
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('api_keys')
      .values({
        id,
        tenant: wanted.tenant,
        name: wanted.name,
        prefix: made.prefix,
        hash: digest(key),
        roles: [...wanted.roles],
        toolsets: wanted.toolsets ? [...wanted.toolsets] : null,
        created_at: new Date(clock.now()),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows === 1n ? made : undefined;
  };

  return {
    async create(wanted) {
      const made = await insert(`key_${randomBytes(9).toString('base64url')}`, wanted);
      if (!made) throw new Error('Two API keys got the same random id');
      return made;
    },

    createFirst: (wanted) => insert(firstId, wanted),

    async use(key) {
      if (!keyPattern.test(key)) return undefined;
      const row = await db
        .updateTable('api_keys')
        .set({ last_used_at: new Date(clock.now()) })
        .where('hash', '=', digest(key))
        .where('revoked_at', 'is', null)
        .returning(['id', 'tenant', 'name', 'prefix', 'roles', 'toolsets'])
        .executeTakeFirst();
      return row && { ...row, toolsets: row.toolsets ?? undefined };
    },

    async get(id) {
      const row = await db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst();
      return row && toKept(row);
    },

    async list({ tenant, after, limit }) {
      if (!Number.isInteger(limit) || limit < 1 || limit > maxListed)
        throw new RangeError(`The limit has to be a whole number from 1 to ${maxListed}`);
      const rows = await db
        .selectFrom('api_keys')
        .selectAll()
        .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
        .$if(after !== undefined, (query) => query.where('id', '>', after ?? ''))
        .orderBy('id')
        .limit(limit + 1)
        .execute();
      const keys = rows.slice(0, limit).map(toKept);
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

const toKept = (row: Selectable<Tables['api_keys']>): KeptApiKey => ({
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

const digest = (key: string) => hash('sha256', key);
