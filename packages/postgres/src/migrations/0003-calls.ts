import { sql, type Kysely } from 'kysely';

/** The ledger: one row for each call, the idempotency keys that calls hold, and the deliveries of accepted calls. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('calls')
    .addColumn('call_id', 'text', (column) => column.primaryKey())
    .addColumn('tenant', 'text', (column) => column.notNull())
    .addColumn('principal', 'text', (column) => column.notNull())
    .addColumn('connector', 'text', (column) => column.notNull())
    .addColumn('connection', 'text', (column) => column.notNull())
    .addColumn('tool', 'text', (column) => column.notNull())
    .addColumn('effect', 'text', (column) => column.notNull())
    .addColumn('claim', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('wrote', 'text')
    .addColumn('code', 'text')
    .addColumn('upstream_requests', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('bytes_out', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('accepted', 'text')
    .addColumn('started_at', 'timestamptz', (column) => column.notNull())
    .addColumn('ended_at', 'timestamptz')
    .addColumn('replica', 'text', (column) => column.notNull())
    .addColumn('lease_until', 'timestamptz')
    .execute();
  await db.schema.createIndex('calls_by_tenant').on('calls').columns(['tenant', 'started_at']).execute();
  await db.schema.createIndex('calls_running').on('calls').column('lease_until').where(sql.ref('status'), '=', 'running').execute();
  await db.schema
    .createTable('claims')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('input_hash', 'text', (column) => column.notNull())
    .addColumn('call_id', 'text', (column) => column.notNull())
    .addColumn('answer', 'text')
    .addColumn('expires_at', 'timestamptz')
    .execute();
  await db.schema.createIndex('claims_by_expiry').on('claims').column('expires_at').execute();
  await db.schema
    .createTable('deliveries')
    .addColumn('connector', 'text', (column) => column.notNull())
    .addColumn('connection', 'text', (column) => column.notNull())
    .addColumn('accepted', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('message', 'text')
    .addColumn('reported_at', 'timestamptz', (column) => column.notNull())
    .addPrimaryKeyConstraint('deliveries_pkey', ['connection', 'accepted'])
    .execute();
}
