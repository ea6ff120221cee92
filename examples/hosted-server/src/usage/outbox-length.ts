import type { Database } from '@busbar/postgres';

const maxCounted = 10_000;

/** Counts the usage events that are waiting for delivery, up to 10,000. */
export async function outboxLength({ db }: Pick<Database, 'db'>): Promise<{ readonly waiting: number; readonly more: boolean }> {
  const { waiting } = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('usage_outbox')
        .select('call_id')
        .limit(maxCounted + 1)
        .as('counted'),
    )
    .select(({ fn }) => fn.countAll<string>().as('waiting'))
    .executeTakeFirstOrThrow();
  return { waiting: Math.min(Number(waiting), maxCounted), more: Number(waiting) > maxCounted };
}
