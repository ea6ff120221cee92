import { randomUUID } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { Database } from '../../src/index.ts';
import type { Tables } from '../../src/database/tables.ts';

type Row = Insertable<Tables['calls']>;

/** By default a read of one tenant on the first of January 2026, which was executed in a tenth of a second. */
export const ledgerRow = (over: Partial<Row> = {}): Row => {
  const startedAt = over.started_at instanceof Date ? over.started_at : new Date(Date.UTC(2026, 0, 1, 12));
  return {
    call_id: randomUUID(),
    tenant: 'acme',
    principal: 'key_1',
    connector: 'zendesk',
    connection: 'con_1',
    tool: 'zendesk_list_tickets',
    effect: 'read',
    status: 'executed',
    wrote: 'no',
    upstream_requests: 2,
    bytes_out: 400,
    tokens_out: 100,
    price: 20_000,
    started_at: startedAt,
    ended_at: over.status === 'running' ? null : new Date(startedAt.getTime() + 100),
    replica: 'test',
    ...over,
  };
};

/** Puts calls into the ledger and returns their ids. */
export async function writeCalls({ db }: Database, rows: readonly Row[]): Promise<string[]> {
  for (let at = 0; at < rows.length; at += 1_000)
    await db
      .insertInto('calls')
      .values(rows.slice(at, at + 1_000))
      .execute();
  return rows.map(({ call_id }) => call_id);
}

/** Puts the events of calls into the outbox, as a metering with `usageEvents` does. */
export async function writeEvents({ db }: Database, callIds: readonly string[], dueAt: number): Promise<void> {
  await db
    .insertInto('usage_outbox')
    .values(callIds.map((call_id) => ({ call_id, due_at: new Date(dueAt) })))
    .execute();
}
