import { sql, type Kysely } from 'kysely';

/** The state of connectors: values, logs, and the size of each scope and log. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`create sequence state_serial`.execute(db);
  await db.schema
    .createTable('state_scopes')
    .addColumn('scope', 'text', (column) => column.primaryKey())
    .addColumn('items', 'integer', (column) => column.notNull())
    .addColumn('bytes', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('state_values')
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull().defaultTo(sql`nextval('state_serial')`))
    .addColumn('size', 'integer', (column) => column.notNull())
    .addColumn('sealed', 'bytea', (column) => column.notNull())
    .addPrimaryKeyConstraint('state_values_pkey', ['scope', 'key'])
    .execute();
  await db.schema
    .createTable('state_logs')
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('log', 'text', (column) => column.notNull())
    .addColumn('entries', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('state_logs_pkey', ['scope', 'log'])
    .execute();
  await db.schema
    .createTable('state_entries')
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('log', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('position', 'bigint', (column) => column.notNull().defaultTo(sql`nextval('state_serial')`))
    .addColumn('key', 'text')
    .addColumn('size', 'integer', (column) => column.notNull())
    .addColumn('sealed', 'bytea', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('state_entries_in_order').on('state_entries').columns(['scope', 'log', 'position']).execute();
}
