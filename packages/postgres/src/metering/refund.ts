import { sql, type RawBuilder } from 'kysely';

/**
 * CTEs that refund quota. They read a CTE `refundable(counters, calls, units, money)`, which has one row for each call with its refund of
 * each kind, and add up the refunds in `refund(id, amount)`. Then they lock the counters in order of id, as admit does, and change them. A
 * CTE that locks claims afterwards must read `refund_counter` first.
 */
export const refundCounters: RawBuilder<unknown> = sql`
    refund as materialized (
      select id, sum(case split_part(id, ' ', 1) when 'calls' then calls when 'units' then units else money end)::bigint as amount
      from refundable, unnest(counters) as id group by id
    ), refund_counter as materialized (
      select quota_counters.id from (select id from refund where amount <> 0 order by id) as wanted join quota_counters using (id)
      order by quota_counters.id for update of quota_counters
    ), refunded as (
      update quota_counters set used = used - refund.amount
      from refund where quota_counters.id = refund.id and refund.amount <> 0 and (select count(*) from refund_counter) >= 0
    )`;
