import { sql, type Kysely } from 'kysely';
import { timeParameter } from './metering-items.ts';
import type { Tables } from './tables.ts';

/** What a sweep ended. */
export interface Swept {
  /** Calls that may have written: their claims answer OUTCOME_UNKNOWN. */
  readonly unknown: number;
  /** Reads. */
  readonly failed: number;
}

const pageSize = 1_000;

/**
 * Ends the calls whose lease has run out, and drops claims that have expired, until there are no more. What another sweep or a settle
 * has in hand is left to it.
 */
export async function sweepCalls(db: Kysely<Tables>, now: () => number, keepMs: number): Promise<Swept> {
  let unknown = 0;
  let failed = 0;
  for (;;) {
    const page = await sweepPage(db, now(), keepMs);
    for (const { status } of page) {
      if (status === 'unknown') unknown += 1;
      else failed += 1;
    }
    if (page.length < pageSize) break;
  }
  while ((await dropExpired(db, now())) === pageSize);
  return { unknown, failed };
}

async function sweepPage(db: Kysely<Tables>, now: number, keepMs: number): Promise<readonly { readonly status: string }[]> {
  const { rows } = await sql<{ status: string }>`
    with lapsed as (
      select call_id, effect = 'read' as harmless from calls where status = 'running' and lease_until < ${timeParameter(now)}
      order by lease_until limit ${sql.lit(pageSize)} for update skip locked
    ), ended as (
      update calls set ended_at = ${timeParameter(now)},
        status = case when harmless then 'failed' else 'unknown' end,
        wrote = case when harmless then 'no' else 'unknown' end,
        code = case when harmless then 'UNAVAILABLE' else 'OUTCOME_UNKNOWN' end
      from lapsed where calls.call_id = lapsed.call_id
      returning calls.call_id, calls.claim, calls.status
    ), held as (
      select claims.id from ended join claims on claims.id = ended.claim and claims.call_id = ended.call_id
      order by claims.id for update of claims
    ), kept as (
      update claims set answer = null, expires_at = ${timeParameter(now + keepMs)} from held where claims.id = held.id
    )
    select status from ended`.execute(db);
  return rows;
}

async function dropExpired(db: Kysely<Tables>, now: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from claims where id in (
      select id from claims where expires_at <= ${timeParameter(now)} limit ${sql.lit(pageSize)} for update skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Moves the leases of these calls. What a settle or a sweep has in hand is left to it. */
export async function renewLeases(db: Kysely<Tables>, callIds: readonly string[], until: number): Promise<void> {
  await sql`
    update calls set lease_until = ${timeParameter(until)} where call_id in (
      select call_id from calls where call_id = any(${[...callIds]}::text[]) and status = 'running' for update skip locked)`.execute(db);
}
