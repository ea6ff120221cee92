import type { QuotaDemand } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { itemsParameter, timeText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** Sees to it that the counters of quotas have rows: a statement can lock and change those alone that were there before it. */
export interface QuotaRows {
  /** Makes the rows that these demands need and that this process has not seen yet. */
  ensure(demands: readonly QuotaDemand[]): Promise<void>;
  /** The row was not there after all. */
  forget(counter: string): void;
}

const maxSeen = 100_000;

export function createQuotaRows(db: Kysely<Tables>): QuotaRows {
  // In the order in which they were made, so that the first are those of the oldest periods.
  const seen = new Set<string>();
  return {
    async ensure(demands) {
      const missing = new Map(demands.filter(({ counter }) => !seen.has(counter)).map((demand) => [demand.counter, demand]));
      if (missing.size === 0) return;
      const rows = Array.from(missing.values(), ({ counter, endsAt }) => ({ id: counter, ends_at: timeText(endsAt) }));
      await sql`
        insert into quota_counters (id, ends_at)
        select id, ends_at from json_to_recordset(${itemsParameter(rows)}) as item (id text, ends_at timestamptz) order by id
        on conflict do nothing`.execute(db);
      for (const id of missing.keys()) seen.add(id);
      for (const oldest of seen) {
        if (seen.size <= maxSeen) break;
        seen.delete(oldest);
      }
    },
    forget: (counter) => void seen.delete(counter),
  };
}
