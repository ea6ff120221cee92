import type { Kysely } from 'kysely';

/** Which key made a key, and indexes by which to find the keys of a maker and of a tenant. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('api_keys').addColumn('created_by', 'text').execute();
  await db.schema.createIndex('api_keys_by_maker').on('api_keys').column('created_by').execute();
  await db.schema.createIndex('api_keys_by_tenant').on('api_keys').columns(['tenant', 'id']).execute();
}
