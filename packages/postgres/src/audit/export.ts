import { systemClock, ToolError, type Clock } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import type { ChainLine, ExportLine } from './lines.ts';
import type { Database } from '../database/database.ts';
import { timeText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** The links to export, by the time of the link in milliseconds since the epoch. Default: all. */
export interface AuditRange {
  /** Inclusive. */
  readonly from?: number | undefined;
  /** Exclusive. */
  readonly until?: number | undefined;
}

const pageSize = 100;
const maxStrays = 1_000;
// A reader may take a millisecond for this many characters, and other work of the process must not wait for a whole page.
const charactersInTurn = 64 * 1024;

/**
 * Exports the audit as lines of JSON for `verifyAudit`. Write a line feed after each line. Chains come in the order in which they were
 * opened, each followed by its links in order. The last line has the heads of all chains: store it outside the database.
 *
 * Reads 100 links at a time and holds no transaction open between reads. Links that are written after the export has begun are left out.
 *
 * @throws {ToolError} UNAVAILABLE if retention dropped links before they were read. Export again.
 */
export async function* exportAudit(
  { reports: db }: Pick<Database, 'reports'>,
  { from, until, clock = systemClock }: AuditRange & { readonly clock?: Clock } = {},
): AsyncGenerator<string, void, undefined> {
  const at = timeText(clock.now());
  const line = (value: ExportLine): string => JSON.stringify(value);
  // One statement reads all chains at one moment, so no link in the export mentions a later state of another chain.
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
  let characters = 0;
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
      characters += entries.length;
      if (characters < charactersInTurn) continue;
      characters = 0;
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    if (page.length < pageSize) break;
  }
  if (!holes && last === through) return;
  const now = await db.selectFrom('audit_chains').select('dropped_links').where('id', '=', chain).executeTakeFirst();
  if (!now || now.dropped_links > droppedLinks)
    throw new ToolError('UNAVAILABLE', 'Retention dropped links of the audit during the export. Export again.');
}

async function hashAt(db: Kysely<Tables>, chain: string, link: number): Promise<string | null> {
  const row = await db.selectFrom('audit_links').select('hash').where('chain', '=', chain).where('link', '=', link).executeTakeFirst();
  return row?.hash ?? null;
}

/**
 * For each chain with a link in the range: the number before its first link in the range, and the number of its last. Returns undefined if
 * there is no range.
 */
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

/** Returns at most 1,000 links whose numbers are outside the range in their chain's row, or whose chain has no row. */
async function straysOf(db: Kysely<Tables>): Promise<readonly ExportLine[]> {
  const { rows } = await sql<{ stray: string; link: number; chainless: boolean }>`
    select audit_links.chain as stray, audit_links.link, audit_chains.id is null as chainless
    from audit_links left join audit_chains on audit_chains.id = audit_links.chain
    where audit_chains.id is null or audit_links.link > audit_chains.links or audit_links.link <= audit_chains.dropped_links
    order by 1, 2 limit ${sql.lit(maxStrays)}`.execute(db);
  return rows;
}
