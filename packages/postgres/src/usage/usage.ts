import type { UsageRecord } from '@busbar/core';
import { sql, type RawBuilder } from 'kysely';
import type { Database } from '../database/database.ts';
import { usageCsv } from './csv.ts';
import { usageRecord } from './record.ts';

/** What usage is grouped by. Days are those of UTC; `key` is the id of the key or user that called. */
export type UsageGroup = 'day' | 'tenant' | 'key' | 'tool' | 'connector';

/** Whose calls. A call belongs to the time at which it began. */
export interface UsageRange {
  /** Milliseconds since the epoch, included. */
  readonly from: number;
  /** Milliseconds since the epoch, not included: at most 400 days later. */
  readonly until: number;
  /** Absent: all tenants. */
  readonly tenant?: string | undefined;
}

/** Which usage. */
export interface UsageQuery extends UsageRange {
  /** Rows are sorted by these, in this order. None: one row for all. */
  readonly by: readonly UsageGroup[];
}

/** One page of something. */
export interface Paging {
  /** `next` of the page before. */
  readonly after?: string | undefined;
  /** How many at most: 1 to 1,000. */
  readonly limit: number;
}

/** What the calls of one group used. */
export interface UsageRow {
  /** A value for each of `by`. A day is written `2026-01-31`. */
  readonly group: Readonly<Partial<Record<UsageGroup, string>>>;
  /** Calls that were admitted; those that run still, too, and no replays. */
  readonly calls: number;
  /** Those of them that ended and were not refunded. */
  readonly charged: number;
  /** Repetitions that got an answer from before. They cost nothing. */
  readonly replays: number;
  readonly failed: number;
  /** Of charged calls. */
  readonly units: number;
  /** Millionths of the currency, exact. What is reserved for calls that run still is no cost. */
  readonly cost: bigint;
  readonly upstreamRequests: number;
  /** Of all answers, those of replays too. */
  readonly bytesOut: number;
  /** An estimate. */
  readonly tokensOut: number;
  /** Of calls that ended, in milliseconds; without replays. */
  readonly durationMs: number;
  /** Half of the calls that ended took at most so long, in milliseconds. Undefined where none did. */
  readonly p50Ms: number | undefined;
  /** 95 of 100 took at most so long. */
  readonly p95Ms: number | undefined;
}

/** One call of the ledger. Its `price` is a reservation while it runs. */
export interface CallRecord extends Omit<UsageRecord, 'endedAt'> {
  readonly effect: string;
  /** The error's code, where it ended with one. */
  readonly code: string | undefined;
  /** False where it was refunded or is a replay. */
  readonly charged: boolean;
  /** Undefined while it runs. */
  readonly endedAt: number | undefined;
}

/** Which calls to list. */
export interface CallsQuery extends UsageRange {
  /** Only those that ended like this: an outcome's status, `running` or `replayed`. Default: all. */
  readonly status?: CallRecord['status'] | undefined;
}

/** The usage of all tenants. Rejects with RangeError for a range, limit or position that cannot be. */
export interface Usage {
  /** Sums by group. Pages are read one by one: what happens between two is in the later alone. */
  report(query: UsageQuery & Paging): Promise<{ readonly rows: readonly UsageRow[]; readonly next?: string }>;
  /** The same as CSV, all of it, page by page: a line of names, then one for each row. Costs have 6 decimals. */
  csv(query: UsageQuery): AsyncIterable<string>;
  /** Calls and replays, the newest first. With the status `unknown`: the writes that a person has to look after. */
  calls(query: CallsQuery & Paging): Promise<{ readonly calls: readonly CallRecord[]; readonly next?: string }>;
}

const dayMs = 24 * 60 * 60_000;
const maxDays = 400;
const maxLimit = 1_000;

// In the same order on every database, whatever its language.
const expressions: Readonly<Record<UsageGroup, RawBuilder<string>>> = {
  day: sql`to_char(started_at at time zone 'UTC', 'YYYY-MM-DD') collate "C"`,
  tenant: sql`tenant collate "C"`,
  key: sql`principal collate "C"`,
  tool: sql`tool collate "C"`,
  connector: sql`connector collate "C"`,
};

const durationMs = sql<number>`extract(epoch from ended_at - started_at) * 1000`;
const ended = sql<boolean>`status not in ('running', 'replayed')`;
const paid = sql<boolean>`charged and ${ended}`;

/** Reads the ledger for those who bill and those who look. */
export function createUsage({ db }: Database): Usage {
  const within = ({ from, until, tenant }: UsageRange) =>
    db
      .selectFrom('calls')
      .where('started_at', '>=', new Date(from))
      .where('started_at', '<', new Date(until))
      .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''));

  async function report(query: UsageQuery & Paging): ReturnType<Usage['report']> {
    checkQuery(query);
    const by = [...new Set(query.by)];
    const groups = by.map((group) => expressions[group]);
    const after = query.after === undefined ? undefined : readPosition(query.after, by.length);
    // Days before the page's were read already. Where they come first, nothing of them need be looked at again.
    const startOfPage = by[0] === 'day' && after ? Math.max(query.from, Date.parse(after[0] ?? '')) : query.from;
    if (Number.isNaN(startOfPage)) throw wrongPosition();
    const rows = await within({ ...query, from: startOfPage })
      .select(({ fn }) => [
        sql<readonly string[]>`array[${sql.join(groups)}]::text[]`.as('group'),
        fn.countAll<string>().filterWhere('status', '!=', 'replayed').as('calls'),
        fn.countAll<string>().filterWhere(paid).as('charged'),
        fn.countAll<string>().filterWhere('status', '=', 'replayed').as('replays'),
        fn.countAll<string>().filterWhere('status', '=', 'failed').as('failed'),
        sql<string>`coalesce(sum(units) filter (where ${paid}), 0)`.as('units'),
        sql<string>`coalesce(sum(price) filter (where ${paid}), 0)::text`.as('cost'),
        sql<string>`coalesce(sum(upstream_requests), 0)`.as('upstream_requests'),
        sql<string>`coalesce(sum(bytes_out), 0)`.as('bytes_out'),
        sql<string>`coalesce(sum(tokens_out), 0)`.as('tokens_out'),
        sql<string>`coalesce(sum(${durationMs}) filter (where ${ended}), 0)`.as('duration_ms'),
        sql<(number | string)[] | null>`percentile_cont(array[0.5, 0.95]) within group (order by ${durationMs}) filter (where ${ended})`.as(
          'percentiles',
        ),
      ])
      .$if(after !== undefined && groups.length > 0, (select) =>
        select.where(sql<boolean>`(${sql.join(groups)}) > (${sql.join([...(after ?? [])])})`),
      )
      .$if(groups.length > 0, (select) => select.groupBy(groups).orderBy(sql`${sql.join(groups)}`))
      .limit(query.limit + 1)
      .execute();
    const shown = rows.slice(0, query.limit);
    return {
      rows: shown.map((row) => ({
        group: Object.fromEntries(by.map((group, index) => [group, row.group[index] ?? ''])),
        calls: Number(row.calls),
        charged: Number(row.charged),
        replays: Number(row.replays),
        failed: Number(row.failed),
        units: Number(row.units),
        cost: BigInt(row.cost),
        upstreamRequests: Number(row.upstream_requests),
        bytesOut: Number(row.bytes_out),
        tokensOut: Number(row.tokens_out),
        durationMs: Math.round(Number(row.duration_ms)),
        p50Ms: wholeMs(row.percentiles?.[0]),
        p95Ms: wholeMs(row.percentiles?.[1]),
      })),
      ...(rows.length > query.limit && { next: writePosition(shown.at(-1)?.group ?? []) }),
    };
  }

  async function calls(query: CallsQuery & Paging): ReturnType<Usage['calls']> {
    checkQuery(query);
    const [before, callId] = query.after === undefined ? [] : readPosition(query.after, 2);
    if (before !== undefined && Number.isNaN(Date.parse(before))) throw wrongPosition();
    const rows = await within(query)
      .selectAll()
      .$if(query.status !== undefined, (select) => select.where('status', '=', query.status ?? ''))
      .$if(before !== undefined, (select) => select.where(sql<boolean>`(started_at, call_id) < (${before}::timestamptz, ${callId})`))
      .orderBy('started_at', 'desc')
      .orderBy('call_id', 'desc')
      .limit(query.limit + 1)
      .execute();
    const shown = rows.slice(0, query.limit);
    const last = shown.at(-1);
    return {
      calls: shown.map((row) => ({
        ...usageRecord(row),
        effect: row.effect,
        code: row.code ?? undefined,
        charged: row.charged,
        endedAt: row.ended_at?.getTime(),
      })),
      ...(rows.length > query.limit && last && { next: writePosition([last.started_at.toISOString(), last.call_id]) }),
    };
  }

  return { report, csv: (query) => usageCsv(query.by, (after) => report({ ...query, limit: maxLimit, after })), calls };
}

function checkQuery({ from, until, limit }: UsageRange & Paging): void {
  if (!(until > from)) throw new RangeError('The range is empty: `from` has to be before `until`');
  if (until - from > maxDays * dayMs) throw new RangeError(`The range is longer than ${maxDays} days`);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw new RangeError(`The limit has to be a whole number from 1 to ${maxLimit}`);
}

const wholeMs = (value: number | string | null | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Math.round(Number(value));

const writePosition = (values: readonly string[]): string => Buffer.from(JSON.stringify(values)).toString('base64url');

function readPosition(position: string, length: number): readonly string[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(position, 'base64url').toString());
    if (Array.isArray(values) && values.length === length && values.every((value) => typeof value === 'string')) return values;
  } catch {
    // Told below.
  }
  throw wrongPosition();
}

const wrongPosition = (): RangeError => new RangeError('The page position is not one of this list. Start again without it');
