import { sql, type Kysely } from 'kysely';

/** Moves the rows of the table `usage` into the ledger, which replaces that table. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    insert into calls (call_id, tenant, principal, connector, connection, tool, effect, status, wrote, upstream_requests, started_at, ended_at, replica)
    select call_id, tenant, principal, connector, connection, tool, effect, status, wrote, upstream_requests, started_at,
      started_at + duration_ms * interval '1 millisecond', 'usage'
    from usage
    on conflict (call_id) do nothing`.execute(db);
  await db.schema.dropTable('usage').execute();
}
