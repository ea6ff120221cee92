import type { Clock } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import type { AuditChain } from './chain.ts';
import type { ChainHead } from './lines.ts';
import { chainLeaseMs, chainLine, chainLock, linkFromEntries } from './link.ts';
import { timeParameter } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

const maxClosed = 100;
const maxHeads = 1_000;

/**
 * Closes the chains whose lease has expired, and records that in `chain`. Skips chains that another replica has locked. A replica locks its
 * own chain first and never waits for the lock of another chain, so no two replicas wait for each other.
 */
export async function closeLapsedChains(db: Kysely<Tables>, chain: AuditChain, clock: Clock): Promise<number> {
  let closed = 0;
  for (let full = true; full;) {
    const lapsed = await db
      .selectFrom('audit_chains')
      .select('id')
      .where('closed_at', 'is', null)
      .where('lease_until', '<', new Date(clock.now()))
      .limit(1)
      .execute();
    // Otherwise `write` would open a chain without need.
    if (lapsed.length === 0) break;
    const count = await chain.write((id) => closePage(db, id, clock.now()));
    closed += count;
    full = count === maxClosed;
  }
  return closed;
}

async function closePage(db: Kysely<Tables>, chain: string, now: number): Promise<number | undefined> {
  const { rows } = await sql<{ open: boolean; closed: number }>`
    with chain as materialized (${chainLock(chain)}), lapsed as materialized (
      select other.id, other.links, other.head from audit_chains as other, chain
      where other.closed_at is null and other.lease_until < ${timeParameter(now)} and other.id <> chain.id
      order by other.lease_until, other.id limit ${sql.lit(maxClosed)} for update of other skip locked
    ), closed as (
      update audit_chains set closed_at = ${timeParameter(now)} from lapsed where audit_chains.id = lapsed.id
    ), entry as (
      select row_number() over (order by id) as position, ${chainLine('chain.closed', 'lapsed', now)} as line from lapsed
    ), ${linkFromEntries(now)}
    select exists (select from chain) as open, (select count(*)::int from lapsed) as closed`.execute(db);
  const [row] = rows;
  return row?.open ? row.closed : undefined;
}

/** The chains to renew. */
export interface Renewal {
  readonly replica: string;
  /** Chains of an earlier process with the same name are not renewed. */
  readonly openedSince: number;
  readonly now: number;
}

/** Renews the leases of a process's chains. Skips locked chains: the write that holds the lock renews them. */
export async function renewChains(db: Kysely<Tables>, { replica, openedSince, now }: Renewal): Promise<void> {
  await sql`
    update audit_chains set lease_until = ${timeParameter(now + chainLeaseMs)} where id in (
      select id from audit_chains
      where replica = ${replica} and opened_at >= ${timeParameter(openedSince)} and closed_at is null for update skip locked)`.execute(db);
}

/** Reads the heads of open chains, then of the most recently closed chains, up to 1,000 in all. */
export async function headsOf(db: Kysely<Tables>): Promise<readonly (ChainHead & { readonly id: string })[]> {
  return await db
    .selectFrom('audit_chains')
    .select(['id', 'links', 'head'])
    .orderBy('closed_at', (by) => by.desc().nullsFirst())
    .orderBy('id')
    .limit(maxHeads)
    .execute();
}
