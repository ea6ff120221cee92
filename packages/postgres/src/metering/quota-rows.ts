import type { QuotaCharge } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { itemsParameter, timeText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** Inserts the rows of quota counters in advance, because a statement can lock and change only rows that existed before it. */
export interface QuotaRows {
  /** Inserts the rows that these charges need, except rows that this process already knows to exist. */
  ensure(demands: readonly QuotaCharge[]): Promise<void>;
  /** Forgets a row that may not exist after all. */
  forget(counter: string): void;
}

const maxSeen = 100_000;

/** Creates the quota rows of one `postgresMetering`. Remembers at most 100,000 rows. */
export function createQuotaRows(db: Kysely<Tables>): QuotaRows {
  // In the order of insertion, so that the oldest periods come first.
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
