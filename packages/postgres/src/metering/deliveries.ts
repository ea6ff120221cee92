import type { DeliveryReport } from '@busbar/core';
import type { Kysely } from 'kysely';
import { storableText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** Writes a delivery. Only the first report about an accepted call counts: later reports change nothing. */
export async function writeDelivery(db: Kysely<Tables>, report: DeliveryReport, now: number): Promise<void> {
  const { connector, connection, accepted, outcome, message } = report;
  await db
    .insertInto('deliveries')
    .values({
      connector,
      connection,
      accepted: storableText(accepted),
      outcome,
      message: message === undefined ? null : storableText(message),
      reported_at: new Date(now),
    })
    .onConflict((known) => known.columns(['connection', 'accepted']).doNothing())
    .execute();
}
