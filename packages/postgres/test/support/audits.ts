import { manualClock } from '@busbar/core/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createAuditChain } from '../../src/audit/chain.ts';
import { chainLock, linkFromEntries } from '../../src/audit/link.ts';
import type { AuditHeads } from '../../src/audit/lines.ts';
import { exportAudit, openDatabase, verifyAudit, type AuditVerdict, type Database } from '../../src/index.ts';
import { itemsParameter } from '../../src/database/sql-parameters.ts';
import type { Kind, Place } from './databases.ts';

/** Opens one database for all tests of a `describe` and empties its tables before each test. */
export function emptied(kind: Kind): () => Database {
  let at: Place;
  let database: Database;
  beforeAll(async () => {
    at = await kind.place();
    database = await openDatabase(at.options);
  }, 60_000);
  beforeEach(async () => {
    await sql`truncate audit_chains, audit_links, calls, claims, quota_counters, usage_outbox`.execute(database.db);
  });
  afterAll(async () => {
    await database.close();
    await at.remove();
  });
  return () => database;
}

/** A clock that starts at the beginning of 2026. */
export const newClock = () => manualClock(Date.UTC(2026, 0, 1));

/** A writer that appends any entries, as the ledger's statements do. */
export function writerOn({ db }: Database, clock: ReturnType<typeof newClock>, replica = 'r1') {
  const chain = createAuditChain(db, { clock, replica });
  const write = (...entries: readonly object[]): Promise<string> =>
    chain.write(async (id) => {
      const rows = entries.map((entry, position) => ({ position, line: JSON.stringify(entry) }));
      const { rows: written } = await sql<{ id: string }>`
        with chain as materialized (${chainLock(id)}), entry as (
          select position, line from json_to_recordset(${itemsParameter(rows)}) as item (position int, line text)
        ), ${linkFromEntries(clock.now())} select id from chain`.execute(db);
      return written[0]?.id;
    });
  return { write, close: () => chain.close() };
}

/** The lines of a new export. */
export async function linesOf(database: Database, clock: ReturnType<typeof newClock>, range = {}): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportAudit(database, { ...range, clock })) lines.push(line);
  return lines;
}

/** The verdict on a new export. */
export async function verdictOf(database: Database, clock: ReturnType<typeof newClock>, knownHeads?: AuditHeads): Promise<AuditVerdict> {
  const lines = await linesOf(database, clock);
  return await verifyAudit(() => lines, { knownHeads });
}
