import { sql, type Kysely } from 'kysely';
import { entryLine } from './link.ts';
import { itemsParameter, timeParameter, timeText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** How much retention dropped. */
export interface PruneResult {
  readonly links: number;
  /** Closed chains that had no links left. */
  readonly chains: number;
}

/** Which links to drop, and how to record the drop. */
export interface Retention {
  /** Links older than this time are dropped. */
  readonly before: number;
  now(): number;
  /** Appends lines to a chain that retention does not drop. */
  record(lines: readonly string[]): Promise<unknown>;
}

const pageSize = 1_000;

/**
 * Drops links of all chains, oldest first, so that a checkpoint of a link outlives the link. Each page is recorded before it is dropped: a
 * crash in between can leave a record of links that still exist, but never a gap without a record.
 */
export async function dropOldLinks(db: Kysely<Tables>, { before, now, record }: Retention): Promise<PruneResult> {
  let links = 0;
  for (let full = true; full;) {
    const { rows } = await sql<{ chain: string; links: number; head: string; count: number }>`
      select newest.chain, newest.link as links, newest.hash as head, page.count from (
        select chain, max(link) as link, count(*)::int as count from (
          select chain, link from audit_links where at < ${timeParameter(before)} order by at, chain, link limit ${sql.lit(pageSize)}
        ) as oldest group by chain
      ) as page join audit_links as newest using (chain, link)
      order by newest.chain`.execute(db);
    if (rows.length === 0) break;
    const at = timeText(now());
    const cuts = rows.map(({ chain, links: upTo, head }) => ({ chain, links: upTo, head }));
    await record(cuts.map((cut) => entryLine({ event: 'audit.pruned', at, ...cut, before: timeText(before) })));
    links += await dropUpTo(db, cuts);
    full = rows.reduce((sum, { count }) => sum + count, 0) === pageSize;
  }
  const chains = await sql`delete from audit_chains where closed_at is not null and dropped_links >= links`.execute(db);
  return { links, chains: Number(chains.numAffectedRows ?? 0) };
}

async function dropUpTo(db: Kysely<Tables>, cuts: readonly { chain: string; links: number; head: string }[]): Promise<number> {
  const { rows } = await sql<{ dropped: number }>`
    with cut as (
      select * from json_to_recordset(${itemsParameter(cuts)}) as cut (chain text, links int, head text)
    ), held as materialized (
      select cut.* from cut join audit_chains on audit_chains.id = cut.chain
      where audit_chains.dropped_links < cut.links order by audit_chains.id for update of audit_chains
    ), moved as (
      update audit_chains set dropped_links = held.links, dropped_head = held.head from held where audit_chains.id = held.chain
    ), dropped as (
      delete from audit_links using held where audit_links.chain = held.chain and audit_links.link <= held.links returning 1
    )
    select count(*)::int as dropped from dropped`.execute(db);
  return rows[0]?.dropped ?? 0;
}
