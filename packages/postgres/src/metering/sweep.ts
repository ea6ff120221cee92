import { sql, type Kysely } from 'kysely';
import { chainLock, linkFromEntries } from '../audit/link.ts';
import { timeParameter, timeText } from '../database/sql-parameters.ts';
import { refundCounters } from './refund.ts';
import type { Tables } from '../database/tables.ts';

/** How many calls a sweep ended. */
export interface SweepResult {
  /** Calls that may have written. Later calls with their keys get OUTCOME_UNKNOWN. */
  readonly unknown: number;
  /** Reads. Their quota is refunded. */
  readonly failed: number;
}

/** Options for {@link sweepPage}. */
export interface SweepPageOptions {
  readonly now: number;
  /** The audit's chain. */
  readonly chain: string;
  readonly keepMs: number;
  readonly usageEvents: boolean;
}

/** The maximum number of calls that one {@link sweepPage} ends. */
export const sweepPageSize = 1_000;
const dropPageSize = 1_000;
// Operators also look at the use of recent periods.
const keepCountersMs = 7 * 24 * 60 * 60_000;

/**
 * Ends calls whose lease has expired. Skips rows that another sweep or a settlement has locked. Returns undefined, and writes nothing, if
 * another replica has closed the audit's chain.
 */
export async function sweepPage(
  db: Kysely<Tables>,
  { now, chain, keepMs, usageEvents }: SweepPageOptions,
): Promise<SweepResult | undefined> {
  const { rows } = await sql<{ open: boolean; unknown: number | string; failed: number | string }>`
    with chain as materialized (${chainLock(chain)}),
    lapsed as materialized (
      select call_id, tenant, effect = 'read' as harmless, units, price, counters, claim from calls
      where status = 'running' and lease_until < ${timeParameter(now)} and exists (select from chain)
      order by lease_until limit ${sql.lit(sweepPageSize)} for update of calls skip locked
    ), ended as (
      update calls set ended_at = ${timeParameter(now)},
        status = case when harmless then 'failed' else 'unknown' end,
        wrote = case when harmless then 'no' else 'unknown' end,
        code = case when harmless then 'UNAVAILABLE' else 'OUTCOME_UNKNOWN' end,
        charged = not harmless,
        price = case when harmless then 0 else calls.price end
      from lapsed where calls.call_id = lapsed.call_id
      returning calls.call_id, calls.tenant, calls.status, calls.claim, calls.charged, calls.price
    ), refundable as (
      select counters, 1 as calls, units, price as money from lapsed where harmless and counters is not null
    ), ${refundCounters}, held as (
      select claims.id from ended join claims on claims.id = ended.claim and claims.call_id = ended.call_id
      where (select count(*) from refund_counter) >= 0
      order by claims.id for update of claims
    ), kept as (
      update claims set answer = null, expires_at = ${timeParameter(now + keepMs)} from held where claims.id = held.id
    ), answered as (
      delete from dead_letters where id = any(array(select id from held))
    ), billed as (
      insert into usage_outbox (call_id, due_at)
      select call_id, ${timeParameter(now)} from ended where charged and ${usageEvents}::boolean
      on conflict do nothing
    ), entry as (
      select row_number() over (order by call_id) as position,
        json_build_object('event', 'call.swept', 'at', ${timeText(now)}::text, 'callId', call_id, 'tenant', tenant, 'status', status,
          'charged', charged, 'price', price)::text as line
      from ended
    ), ${linkFromEntries(now)}
    select exists (select from chain) as open,
      (select count(*) from ended where status = 'unknown') as unknown,
      (select count(*) from ended where status = 'failed') as failed`.execute(db);
  const [row] = rows;
  return row?.open ? { unknown: Number(row.unknown), failed: Number(row.failed) } : undefined;
}

/** Drops expired claims, and drops quota counters a week after the end of their period. */
export async function dropExpired(db: Kysely<Tables>, now: number): Promise<void> {
  const drop = async (table: 'claims' | 'quota_counters', column: string, before: number): Promise<number> => {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)} where id in (
        select id from ${sql.table(table)} where ${sql.ref(column)} <= ${timeParameter(before)}
        limit ${sql.lit(dropPageSize)} for update skip locked)`.execute(db);
    return Number(numAffectedRows ?? 0);
  };
  while ((await drop('claims', 'expires_at', now)) === dropPageSize);
  while ((await drop('quota_counters', 'ends_at', now - keepCountersMs)) === dropPageSize);
}

/** Renews the leases of running calls. Skips rows that a settlement or a sweep has locked. */
export async function renewLeases(db: Kysely<Tables>, callIds: readonly string[], until: number): Promise<void> {
  await sql`
    update calls set lease_until = ${timeParameter(until)} where call_id in (
      select call_id from calls where call_id = any(${[...callIds]}::text[]) and status = 'running' for update skip locked)`.execute(db);
}
