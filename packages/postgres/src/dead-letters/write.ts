import { sql, type Kysely } from 'kysely';
import type { DeadLetterRow } from './dead-letter.ts';
import type { Tables } from '../database/tables.ts';

/**
 * Writes dead letters, in the transaction that settles their calls. If a write already has a dead letter, the new one replaces it and
 * counts one more attempt. Keeps the newest `maxPerTenant` of each tenant, and may keep up to about a twentieth more for a while.
 */
export async function writeDeadLetters(db: Kysely<Tables>, deadLetters: readonly DeadLetterRow[], maxPerTenant: number): Promise<void> {
  // A statement may change a row only once. Sorted by id, so that no two transactions wait for each other.
  const rows = [...new Map(deadLetters.map((row) => [row.id, row])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  if (rows.length === 0) return;
  await db
    .insertInto('dead_letters')
    .values(rows)
    .onConflict((known) =>
      known.column('id').doUpdateSet(({ ref, eb }) => ({
        call_id: ref('excluded.call_id'),
        principal: ref('excluded.principal'),
        code: ref('excluded.code'),
        message: ref('excluded.message'),
        failed_at: ref('excluded.failed_at'),
        sealed: ref('excluded.sealed'),
        // A settlement that is written again because the database's reply was lost is not another attempt.
        attempts: eb(
          'dead_letters.attempts',
          '+',
          eb.case().when('dead_letters.call_id', '=', ref('excluded.call_id')).then(0).else(1).end(),
        ),
      })),
    )
    .execute();
  const tenants = [...Map.groupBy(rows, ({ tenant }) => tenant)]
    .filter(([, { length }]) => isDue(length, maxPerTenant))
    .map(([tenant]) => tenant);
  if (tenants.length === 0) return;
  // Skips rows that another transaction has locked: the tenant's next dead letter removes them.
  await sql`
    delete from dead_letters where id in (
      select id from dead_letters where id in (
        select surplus.id from unnest(${tenants}::text[]) as of_tenant (tenant) cross join lateral (
          select id from dead_letters where dead_letters.tenant = of_tenant.tenant
          order by failed_at desc, id desc offset ${sql.lit(maxPerTenant)}
        ) as surplus
      ) for update skip locked)`.execute(db);
}

// Searching for surplus rows takes milliseconds per tenant, and settlements wait for it. So only a random share of the writes does it: that
// needs no counter, and no tenant can evade it.
const isDue = (count: number, maxPerTenant: number) => Math.random() * Math.floor(maxPerTenant / 20) < count;
