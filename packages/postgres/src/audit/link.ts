import { hash } from 'node:crypto';
import { sql, type RawBuilder } from 'kysely';
import { storableJson, timeText } from '../database/sql-parameters.ts';

/**
 * The duration of the lease that each link gives its chain, in milliseconds. When the lease has expired, any replica may close the chain.
 */
export const chainLeaseMs = 5 * 60_000;

/**
 * The body of a CTE named `chain`, which must be the first CTE of its statement: `with chain as materialized (${chainLock(chain)}), …`. It
 * locks the chain and returns its row (id, links, head), or no row if another replica closed the chain. In that case, the statement must do
 * nothing. So let every part that writes or locks read from `chain`. This also ensures that the chain is locked first.
 */
export function chainLock(chain: string): RawBuilder<unknown> {
  return sql`select id, links, head from audit_chains where id = ${chain} and closed_at is null for update`;
}

/** The time of a link and the end of its chain's lease, as {@link timeText} writes them. */
export interface LinkTimes {
  readonly at: string;
  readonly leaseUntil: string;
}

/** The times of a link that is written now. */
export function linkTimes(now: number): LinkTimes {
  return { at: timeText(now), leaseUntil: timeText(now + chainLeaseMs) };
}

/**
 * Three CTEs (`next_link`, `new_link`, `new_head`) that append one link to `chain` and renew its lease. The link contains the lines of a
 * CTE named `entry (position, line)`, in order of `position`. If there are no lines, nothing is appended. A line is one JSON value without
 * a line feed, or several such values with line feeds between them. {@link entryLine} writes such a value, and so does
 * `json_build_object(…)::text` in SQL.
 *
 * `closes`: the link is the chain's last.
 */
export function linkFromEntries(when: number | LinkTimes, { closes = false }: { readonly closes?: boolean } = {}): RawBuilder<unknown> {
  const { at, leaseUntil } = typeof when === 'number' ? linkTimes(when) : when;
  // Hashes the same text as linkHash.
  return sql`next_link as (
      select chain.id, chain.head, chain.links + 1 as link, string_agg(entry.line, E'\\n' order by entry.position) as entries
      from chain, entry group by chain.id, chain.head, chain.links
    ), new_link as (
      insert into audit_links (chain, link, at, entries, hash)
      select id, link, ${at}::timestamptz, entries,
        encode(sha256(convert_to(concat_ws(E'\\n', head, id, link, ${at}::text, entries), 'UTF8')), 'hex')
      from next_link
      returning chain, link, hash
    ), new_head as (
      update audit_chains set links = new_link.link, head = new_link.hash, lease_until = ${leaseUntil}::timestamptz,
        closed_at = ${closes ? sql`${at}::timestamptz` : sql`null`}
      from new_link where audit_chains.id = new_link.chain
      returning audit_chains.id
    )`;
}

/** An entry as a line. Characters that PostgreSQL cannot store are replaced before the hash is computed. */
export function entryLine(entry: { readonly event: string; readonly at: string } & Readonly<Record<string, unknown>>): string {
  return storableJson(entry);
}

/** SQL for an entry that records the head of another chain. `row` names the table or CTE that has that chain's id, links and head. */
export function chainLine(event: 'chain.closed' | 'chain.witnessed', row: string, at: number): RawBuilder<string> {
  const column = (name: string) => sql.ref(`${row}.${name}`);
  return sql<string>`format('{"event":"%s","at":"%s","chain":%s,"links":%s,"head":%s}', ${event}::text, ${timeText(at)}::text,
    to_json(${column('id')}), ${column('links')}, to_json(${column('head')}))`;
}

/** The parts of a link that its hash covers, besides the previous hash. */
export interface HashedLink {
  readonly chain: string;
  /** From 1. */
  readonly link: number;
  /** ISO, in UTC with milliseconds. */
  readonly at: string;
  readonly entries: string;
}

/** The hash of a link. `before` is the hash of the previous link or, for the first link, the chain's id. */
export function linkHash(before: string, { chain, link, at, entries }: HashedLink): string {
  return hash('sha256', [before, chain, link, at, entries].join('\n'));
}
