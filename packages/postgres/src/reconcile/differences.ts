import { sql, type RawBuilder } from 'kysely';
import { timeParameter } from '../database/sql-parameters.ts';

/** A query that finds one kind of difference. It returns each difference as a sentence, in a stable order. */
export type Difference = RawBuilder<{ readonly sentence: string }>;

// A running server sweeps them much sooner.
const longPastMs = 10 * 60_000;

/** Differences within the ledger. */
export const ledgerDifferences = (now: number): readonly Difference[] => [
  // A counter may be missing once its period is over.
  sql`
    with taken as (
      select counter as id, sum(case split_part(counter, ' ', 1) when 'calls' then 1 when 'units' then units else price end) as amount
      from calls, unnest(counters) as counter where status = 'running' or charged group by counter
    )
    select format('Quota counter %s: it has %s used, and the calls that count took %s.', id, coalesce(used, 0), coalesce(amount, 0)) as sentence
    from quota_counters full join taken using (id)
    where coalesce(used, 0) <> coalesce(amount, 0) and (used is not null or ${periodEnd} > ${timeParameter(now)})
    order by id`,
  sql`
    select format('Claim %s: the call %s, which holds it, has no row in the ledger.', claims.id, call_id) as sentence
    from claims left join calls using (call_id) where calls.call_id is null order by claims.id`,
  sql`
    select format('Claim %s: the call %s, which holds it, ended as %s, and it never expires.', claims.id, call_id, status) as sentence
    from claims join calls using (call_id) where status <> 'running' and expires_at is null order by claims.id`,
  sql`
    select format('Call %s: it runs on %s, whose lease of it ended on %s, and no sweep has ended it.', call_id, replica,
      to_char(lease_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as sentence
    from calls where status = 'running' and lease_until < ${timeParameter(now - longPastMs)} order by call_id`,
  sql`
    select case
      when calls.call_id is null then format('Usage event %s: there is no such call in the ledger.', call_id)
      else format('Usage event %s: its call is %s and not charged.', call_id, status) end as sentence
    from usage_outbox left join calls using (call_id)
    where calls.call_id is null or not charged or status = 'running' order by call_id`,
];

/** Differences between the ledger and the table `audited`, which must contain every call that began at `since` (ISO) or later. */
export function auditDifferences(since: string | undefined): readonly Difference[] {
  // No audit has rows from the time before the ledger.
  const mustBeThere = sql`calls.replica <> 'usage' and calls.started_at >= ${since ?? 'infinity'}::timestamptz`;
  return [
    sql`
      select format('Call %s: the audit speaks of it, and it has no row in the ledger.', call_id) as sentence
      from audited left join calls using (call_id) where calls.call_id is null order by call_id`,
    sql`
      select format('Call %s: it is in the ledger, and the audit has no %s of it.', call_id,
        case calls.status when 'replayed' then 'call.replayed' else 'call.admitted' end) as sentence
      from calls left join audited using (call_id) where coalesce(begins, 0) = 0 and ${mustBeThere} order by call_id`,
    sql`
      select format('Call %s: it ended as %s in the ledger, and the audit has no call.ended of it.', call_id, calls.status) as sentence
      from calls left join audited using (call_id)
      where calls.status not in ('running', 'replayed') and coalesce(ends, 0) = 0 and ${mustBeThere} order by call_id`,
    sql`select format('Call %s: it began %s times in the audit.', call_id, begins) as sentence from audited where begins > 1 order by call_id`,
    sql`
      select format('Call %s: who called what is %s in the ledger and %s in the audit.', call_id, ${identity('calls')}, ${identity('audited')})
        as sentence
      from calls join audited using (call_id) where begins > 0 and ${identity('calls')} <> ${identity('audited')} order by call_id`,
    sql`
      select format('Call %s: it is %s in the ledger, and %s in the audit.', call_id, calls.status, begun) as sentence
      from calls join audited using (call_id) where begins > 0 and (calls.status = 'replayed') <> (begun = 'call.replayed') order by call_id`,
    sql`
      select format('Call %s: how it ended (status, charged, price) is %s in the ledger and %s in the audit.', call_id, ${end('calls')},
        ${end('audited')}) as sentence
      from calls join audited using (call_id) where ends > 0 and ${end('calls')} <> ${end('audited')} order by call_id`,
  ];
}

// The second word of a counter's id is the name of its period, and the third word is the minute, day or month.
const periodEnd = sql`(
  (rpad(split_part(id, ' ', 3), 10, '-01') || substr(split_part(id, ' ', 3), 11))::timestamp at time zone 'UTC'
  + ('1 ' || split_part(id, ' ', 2))::interval)`;

const fieldsOf = (table: string, names: readonly string[]): RawBuilder<string> =>
  sql`jsonb_build_array(${sql.join(names.map((name) => sql.ref(`${table}.${name}`)))})`;

const identity = (table: string) => fieldsOf(table, ['tenant', 'principal', 'connector', 'connection', 'tool', 'effect']);

const end = (table: string) => fieldsOf(table, ['status', 'charged', 'price']);
