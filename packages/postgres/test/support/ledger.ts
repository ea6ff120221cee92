import { randomUUID } from 'node:crypto';
import type { Admission, Answer, Call, Metering, Outcome } from '@busbar/core';
import { sql } from 'kysely';
import type { Database } from '../../src/index.ts';

/** The options of a caller who does not disconnect. */
export const staying = new AbortController();

/** By default a write of one tenant with the key `k1`. */
export const callOf = (over: Partial<Call> = {}): Call => ({
  callId: randomUUID(),
  principal: { tenant: 'acme', id: 'key_1', roles: [] },
  connector: 'zendesk',
  connection: 'con_1',
  tool: 'zendesk_create_ticket',
  effect: 'write',
  key: 'k1',
  inputHash: 'h1',
  units: 1,
  arguments: {},
  auditInput: () => '{}',
  startedAt: Date.UTC(2026, 0, 1),
  ...over,
});

export const answerOf = (text: string): Answer => ({ content: [{ type: 'text', text }] });

/** The outcome of a call that ended 1,234 ms after the beginning of 2026. */
export const ending = (status: Outcome['status'], wrote: Outcome['wrote'], over: Partial<Outcome> = {}): Outcome => ({
  status,
  wrote,
  answer: answerOf(status),
  upstreamRequests: 2,
  endedAt: Date.UTC(2026, 0, 1) + 1_234,
  ...over,
});

export async function admitToRun(metering: Metering, call: Call): Promise<Admission> {
  const admitted = await metering.admit(call, staying);
  if (admitted.kind !== 'run') throw new Error('was replayed');
  return admitted.admission;
}

/** The row of a call. */
export const rowOf = ({ db }: Database, { callId }: Pick<Call, 'callId'>) =>
  db.selectFrom('calls').selectAll().where('call_id', '=', callId).executeTakeFirst();

/**
 * A handle on the same database that calls `answered` after each statement of the ledger. It covers statements that are compiled only once.
 */
export const watched = (database: Database, answered: () => void): Database => ({
  ...database,
  ledger: database.ledger.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      answered();
      return result;
    },
  }),
});

/** All rows of the ledger's tables, as text. */
export async function dump({ db }: Database): Promise<string> {
  const { rows } = await sql<{ row: string }>`
    select calls::text as row from calls union all select claims::text from claims union all select deliveries::text from deliveries
    union all select audit_links::text from audit_links union all select quota_counters::text from quota_counters`.execute(db);
  return rows.map(({ row }) => row).join('\n');
}

/** One turn of the event loop. PGlite answers without one, so awaiting a query is not enough. */
export const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
