import { sql, type Kysely } from 'kysely';

/** The units and prices of calls, quotas, the audit, undelivered usage events, and failed writes that can be retried. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('calls')
    .addColumn('address', 'text')
    .addColumn('units', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('tokens_out', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('price', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('charged', 'boolean', (column) => column.notNull().defaultTo(true))
    .addColumn('counters', sql`text[]`)
    .execute();
  await sql`update calls set charged = false where status in ('replayed', 'asked')`.execute(db);
  await db.schema.createIndex('calls_by_time').on('calls').columns(['started_at', 'call_id']).execute();
  await db.schema
    .createTable('quota_counters')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('used', 'bigint', (column) => column.notNull().defaultTo(0))
    .addColumn('ends_at', 'timestamptz', (column) => column.notNull())
    // Each transaction changes the same few rows: room on the page keeps those changes off the index.
    .modifyEnd(sql`with (fillfactor = 20)`)
    .execute();
  await db.schema
    .createTable('audit_chains')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('replica', 'text', (column) => column.notNull())
    .addColumn('opened_at', 'timestamptz', (column) => column.notNull())
    .addColumn('lease_until', 'timestamptz', (column) => column.notNull())
    .addColumn('links', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('head', 'text', (column) => column.notNull())
    .addColumn('closed_at', 'timestamptz')
    .addColumn('dropped_links', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('dropped_head', 'text')
    .modifyEnd(sql`with (fillfactor = 20)`)
    .execute();
  await db.schema
    .createTable('audit_links')
    .addColumn('chain', 'text', (column) => column.notNull())
    .addColumn('link', 'integer', (column) => column.notNull())
    .addColumn('at', 'timestamptz', (column) => column.notNull())
    .addColumn('entries', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('audit_links_pkey', ['chain', 'link'])
    .execute();
  await db.schema.createIndex('audit_links_by_time').on('audit_links').column('at').execute();
  await db.schema
    .createTable('usage_outbox')
    .addColumn('call_id', 'text', (column) => column.primaryKey())
    .addColumn('due_at', 'timestamptz', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.createIndex('usage_outbox_by_due').on('usage_outbox').column('due_at').execute();
  await db.schema
    .createTable('dead_letters')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('principal', 'text', (column) => column.notNull())
    .addColumn('connector', 'text', (column) => column.notNull())
    .addColumn('connection', 'text', (column) => column.notNull())
    .addColumn('tool', 'text', (column) => column.notNull())
    .addColumn('code', 'text', (column) => column.notNull())
    .addColumn('message', 'text', (column) => column.notNull())
    .addColumn('failed_at', 'timestamptz', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('keyed', 'boolean', (column) => column.notNull())
    .addColumn('sealed', 'bytea', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('dead_letters_by_tenant').on('dead_letters').columns(['tenant', 'failed_at', 'id']).execute();
  await db.schema.createIndex('dead_letters_by_time').on('dead_letters').columns(['failed_at', 'id']).execute();
}
