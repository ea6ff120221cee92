import { sql, type Kysely } from 'kysely';
import type { DeadLetterRow } from './dead-letter.ts';
import type { Tables } from '../database/tables.ts';

/**
 * Writes letters; one for a write that has a letter already takes its place and counts as another attempt. Of each tenant's letters the
 * newest `maxPerTenant` stay, or for a while about a twentieth more. In the transaction that settles the calls.
 */
export async function writeLetters(db: Kysely<Tables>, letters: readonly DeadLetterRow[], maxPerTenant: number): Promise<void> {
  // One statement may change a row once; in the order of their ids, so that no two transactions wait for each other.
  const rows = [...new Map(letters.map((letter) => [letter.id, letter])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
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
        // A settlement that is written again, since its first answer was lost, is no further attempt.
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
  // What another transaction has in hand is left to it: the next letter of the tenant makes up for it.
  await sql`
    delete from dead_letters where id in (
      select id from dead_letters where id in (
        select surplus.id from unnest(${tenants}::text[]) as of_tenant (tenant) cross join lateral (
          select id from dead_letters where dead_letters.tenant = of_tenant.tenant
          order by failed_at desc, id desc offset ${sql.lit(maxPerTenant)}
        ) as surplus
      ) for update skip locked)`.execute(db);
}

// To look for what is too much takes milliseconds for each tenant, and settlements wait for it: so one letter in many does, by chance, which
// needs no count and which nobody can steer past.
const isDue = (letters: number, maxPerTenant: number) => Math.random() * Math.floor(maxPerTenant / 20) < letters;
