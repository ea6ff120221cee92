import { sql, type RawBuilder } from 'kysely';
import type { Database } from '../database/database.ts';
import { storableText } from '../database/sql-parameters.ts';
import { usageCsv } from './csv.ts';
import { usageRecord } from './record.ts';
import type { CallsQuery, Paging, Usage, UsageGroup, UsageQuery, UsageRange } from './usage-types.ts';

const dayMs = 24 * 60 * 60_000;
const maxDays = 400;
const maxLimit = 1_000;
const lastMs = Date.UTC(9999, 11, 31);

// Collation "C" gives the same order on every database, in any locale.
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

/** Reads usage from the ledger, for billing and for operators. */
export function createUsage({ reports }: Pick<Database, 'reports'>): Usage {
  const within = ({ from, until, tenant }: UsageRange) =>
    reports
      .selectFrom('calls')
      .where('started_at', '>=', new Date(from))
      .where('started_at', '<', new Date(until))
      .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''));

  async function report(query: UsageQuery & Paging): ReturnType<Usage['report']> {
    checkQuery(query);
    const by = [...new Set(query.by)];
    const groups = by.map((group) => expressions[group]);
    const after = query.after === undefined ? undefined : readPosition(query.after, by.length);
    // If days come first in the order, earlier pages have read all rows before the page's first day.
    const startOfPage = by[0] === 'day' && after ? Math.max(query.from, readTime(`${after[0]}T00:00:00.000Z`)) : query.from;
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
    const page = rows.slice(0, query.limit);
    return {
      rows: page.map((row) => ({
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
      ...(rows.length > query.limit && { next: writePosition(page.at(-1)?.group ?? []) }),
    };
  }

  async function calls(query: CallsQuery & Paging): ReturnType<Usage['calls']> {
    checkQuery(query);
    const [startedAt, callId] = query.after === undefined ? [] : readPosition(query.after, 2);
    const before = startedAt === undefined ? undefined : new Date(readTime(startedAt));
    const rows = await within(query)
      .selectAll()
      .$if(query.status !== undefined, (select) => select.where('status', '=', query.status ?? ''))
      .$if(before !== undefined, (select) => select.where(sql<boolean>`(started_at, call_id) < (${before}, ${callId})`))
      .orderBy('started_at', 'desc')
      .orderBy('call_id', 'desc')
      .limit(query.limit + 1)
      .execute();
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    return {
      calls: page.map((row) => ({
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
  if (!(until > from)) throw new RangeError('The range is empty: `from` must be before `until`');
  if (until - from > maxDays * dayMs) throw new RangeError(`The range is longer than ${maxDays} days`);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw new RangeError(`The limit must be a whole number from 1 to ${maxLimit}`);
}

const wholeMs = (value: number | string | null | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Math.round(Number(value));

const writePosition = (values: readonly string[]): string => Buffer.from(JSON.stringify(values)).toString('base64url');

function readPosition(position: string, length: number): readonly string[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(position, 'base64url').toString());
    if (Array.isArray(values) && values.length === length && values.every(isStorable)) return values;
  } catch {
    // Reported below.
  }
  throw wrongPosition();
}

const isStorable = (value: unknown): value is string => typeof value === 'string' && value === storableText(value);

/** Reads a time in exactly the form in which {@link writePosition} got it. JavaScript would also read forms that PostgreSQL does not. */
function readTime(text: string): number {
  const ms = Date.parse(text);
  // No call began before 1970, nor after 9999, which has another form.
  if (!(ms >= 0 && ms <= lastMs) || new Date(ms).toISOString() !== text) throw wrongPosition();
  return ms;
}

const wrongPosition = (): RangeError => new RangeError('The page position does not belong to this list. Start again without it');
