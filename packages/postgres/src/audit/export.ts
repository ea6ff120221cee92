import { systemClock, type Clock } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import type { ChainLine, ExportLine } from './lines.ts';
import type { Database } from '../database/database.ts';
import { timeText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** Which links are exported. The time is that of the link, in milliseconds since the epoch. Default: all. */
export interface AuditRange {
  /** The first one. */
  readonly from?: number | undefined;
  /** The first one that is left out. */
  readonly until?: number | undefined;
}

const pageSize = 100;
const maxStrays = 1_000;

/**
 * The audit as lines of JSON, to be written with a line feed after each: what `verifyAudit` reads, which says what they hold. Chains come in
 * the order in which they were opened, each with its links in theirs. The last line has the heads of all chains: keep it elsewhere.
 *
 * Reads 100 links at a time, and holds nothing open between two reads. It gives what was there when it began: what is written meanwhile is
 * left out.
 *
 * @throws {Error} where retention took away links that were not read yet. Export again.
 */
export async function* exportAudit(
  { db }: Pick<Database, 'db'>,
  { from, until, clock = systemClock }: AuditRange & { readonly clock?: Clock } = {},
): AsyncGenerator<string, void, undefined> {
  const at = timeText(clock.now());
  const line = (value: ExportLine): string => JSON.stringify(value);
  // One statement, so all chains are seen at one time: none of their links speaks of what another had not got yet.
  const chains = await db.selectFrom('audit_chains').selectAll().orderBy('opened_at').orderBy('id').execute();
  const ranges = await rangesOf(db, { from, until });
  yield line({
    audit: 'busbar',
    version: 1,
    at,
    ...(from !== undefined && { from: timeText(from) }),
    ...(until !== undefined && { until: timeText(until) }),
  });
  for (const row of chains) {
    const range = ranges?.get(row.id);
    const after = Math.max(row.dropped_links, Math.min(range?.after ?? (ranges ? row.links : 0), row.links));
    const through = Math.max(after, Math.min(range?.through ?? row.links, row.links));
    const chain: ChainLine = {
      chain: row.id,
      replica: row.replica,
      openedAt: row.opened_at.toISOString(),
      leaseUntil: row.lease_until.toISOString(),
      closedAt: row.closed_at?.toISOString() ?? null,
      links: row.links,
      head: row.head,
      droppedLinks: row.dropped_links,
      droppedHead: row.dropped_head,
      after,
      afterHash: after === row.dropped_links ? (row.dropped_head ?? row.id) : await hashAt(db, row.id, after),
      through,
    };
    yield line(chain);
    for await (const link of linksOf(db, chain)) yield line(link);
  }
  for (const stray of await straysOf(db)) yield line(stray);
  yield line({ heads: Object.fromEntries(chains.map(({ id, links, head }) => [id, { links, head }])), at });
}

async function* linksOf(db: Kysely<Tables>, { chain, after, through, droppedLinks }: ChainLine): AsyncGenerator<ExportLine> {
  let last = after;
  let holes = false;
  while (last < through) {
    const page = await db
      .selectFrom('audit_links')
      .selectAll()
      .where('chain', '=', chain)
      .where('link', '>', last)
      .where('link', '<=', through)
      .orderBy('link')
      .limit(pageSize)
      .execute();
    for (const { link, at, entries, hash } of page) {
      holes ||= link !== last + 1;
      last = link;
      yield { chain, link, at: at.toISOString(), entries, hash };
    }
    if (page.length < pageSize) break;
  }
  if (!holes && last === through) return;
  const now = await db.selectFrom('audit_chains').select('dropped_links').where('id', '=', chain).executeTakeFirst();
  if (!now || now.dropped_links > droppedLinks)
    throw new Error('Retention took away links of the audit while they were exported. Export again.');
}

async function hashAt(db: Kysely<Tables>, chain: string, link: number): Promise<string | null> {
  const row = await db.selectFrom('audit_links').select('hash').where('chain', '=', chain).where('link', '=', link).executeTakeFirst();
  return row?.hash ?? null;
}

/** For each chain with a link in the range, the number of the link before the first and of the last. Undefined: all are in it. */
async function rangesOf(
  db: Kysely<Tables>,
  { from, until }: AuditRange,
): Promise<ReadonlyMap<string, { readonly after: number; readonly through: number }> | undefined> {
  if (from === undefined && until === undefined) return undefined;
  const rows = await db
    .selectFrom('audit_links')
    .select(({ fn }) => ['chain', sql<number>`${fn.min('link')} - 1`.as('after'), fn.max('link').as('through')])
    .$if(from !== undefined, (query) => query.where('at', '>=', new Date(from ?? 0)))
    .$if(until !== undefined, (query) => query.where('at', '<', new Date(until ?? 0)))
    .groupBy('chain')
    .execute();
  return new Map(rows.map(({ chain, after, through }) => [chain, { after, through }]));
}

/** Links that no chain counts as its own. */
async function straysOf(db: Kysely<Tables>): Promise<readonly ExportLine[]> {
  const { rows } = await sql<{ stray: string; link: number; chainless: boolean }>`
    select audit_links.chain as stray, audit_links.link, audit_chains.id is null as chainless
    from audit_links left join audit_chains on audit_chains.id = audit_links.chain
    where audit_chains.id is null or audit_links.link > audit_chains.links or audit_links.link <= audit_chains.dropped_links
    order by 1, 2 limit ${sql.lit(maxStrays)}`.execute(db);
  return rows;
}
