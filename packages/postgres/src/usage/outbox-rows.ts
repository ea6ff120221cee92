import type { UsageRecord } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { itemsParameter, timeParameter, timeText } from '../database/sql-parameters.ts';
import { usageRecord, type CallRow } from './record.ts';
import type { Tables } from '../database/tables.ts';

/** An event that this replica has leased. */
export interface TakenEvent {
  readonly record: UsageRecord;
  /** How often it was taken, including this time. */
  readonly attempts: number;
}

/**
 * Leases due events for `leaseMs`, beginning with the events that have been due the longest. No other replica gets them during that time.
 */
export async function takeDue(
  db: Kysely<Tables>,
  { now, leaseMs, limit }: { readonly now: number; readonly leaseMs: number; readonly limit: number },
): Promise<readonly TakenEvent[]> {
  const { rows } = await sql<CallRow & { readonly attempts: number }>`
    with due as materialized (
      select call_id from usage_outbox join calls using (call_id) where due_at <= ${timeParameter(now)}
      order by due_at limit ${sql.lit(limit)} for update of usage_outbox skip locked
    ), taken as (
      update usage_outbox set due_at = ${timeParameter(now + leaseMs)}, attempts = attempts + 1
      from due where usage_outbox.call_id = due.call_id
      returning usage_outbox.call_id, attempts
    )
    select calls.*, taken.attempts from taken join calls using (call_id) order by calls.started_at, call_id`.execute(db);
  return rows.map((row) => ({ record: usageRecord(row), attempts: row.attempts }));
}

/** Sets when these events are due again. */
export async function postpone(db: Kysely<Tables>, events: readonly { readonly callId: string; readonly dueAt: number }[]): Promise<void> {
  const rows = events.map(({ callId, dueAt }) => ({ call_id: callId, due_at: timeText(dueAt) }));
  await sql`
    update usage_outbox set due_at = item.due_at
    from json_to_recordset(${itemsParameter(rows)}) as item (call_id text, due_at timestamptz)
    where usage_outbox.call_id = item.call_id`.execute(db);
}

/** Removes events that no longer need to be sent. */
export async function removeEvents(db: Kysely<Tables>, callIds: readonly string[]): Promise<void> {
  if (callIds.length === 0) return;
  await db
    .deleteFrom('usage_outbox')
    .where('call_id', '=', sql<string>`any(${[...callIds]}::text[])`)
    .execute();
}
