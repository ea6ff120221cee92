import { systemClock, type Clock } from '@busbar/core';
import { sql } from 'kysely';
import { exportAudit } from '../audit/export.ts';
import { verifyAudit } from '../audit/verify.ts';
import type { AuditHeads } from '../audit/lines.ts';
import type { Database } from '../database/database.ts';
import { createAuditedCalls } from './audited-calls.ts';
import { auditDifferences, ledgerDifferences } from './differences.ts';
import { metricsDifferences, type CallCounts } from './metrics.ts';

/** What the ledger is compared with. */
export interface ReconcileOptions {
  readonly clock?: Clock;
  /** The heads of an export that was kept: see `verifyAudit`. */
  readonly knownHeads?: AuditHeads | undefined;
  /** What one replica has counted, read before this. Default: metrics are not compared. */
  readonly metrics?: CallCounts | undefined;
}

/** What `reconcile` found. */
export interface Reconciled {
  /** Rows of the ledger, and links and entries of the audit that were looked at. */
  readonly calls: number;
  readonly links: number;
  readonly entries: number;
  /** One sentence each with the ids; at most 1,000 of each kind. None: ledger, quotas, claims, audit and metrics agree. */
  readonly problems: readonly string[];
}

const maxOfAKind = 1_000;
// Each statement reads whole tables, which may take longer than a call's.
const statementMs = 10 * 60_000;

/**
 * Compares the ledger with the quota counters, the claims, the usage events that wait, the audit and the metrics, all as they were at one
 * moment: calls may go on. Calls are held against the audit from the first audited one on, or from where retention has left it.
 *
 * The audit is read line by line; what it says of each call is kept in a temporary table of the database, and joined there. On PGlite, which
 * has one connection, calls wait meanwhile.
 */
export async function reconcile({ db }: Pick<Database, 'db'>, options: ReconcileOptions = {}): Promise<Reconciled> {
  const { clock = systemClock, knownHeads, metrics } = options;
  return await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await sql`set local statement_timeout = ${sql.lit(statementMs)}`.execute(trx);
      const audited = await createAuditedCalls(trx);
      const {
        links,
        entries,
        problems: found,
      } = await verifyAudit(() => exportAudit({ db: trx }, { clock }), {
        knownHeads,
        onEntry: audited.add,
      });
      const since = await audited.finish();
      const problems = [...found];
      for (const difference of [...ledgerDifferences(clock.now()), ...auditDifferences(since)]) {
        const { rows } = await sql<{ sentence: string }>`
          select sentence from (${difference}) as difference limit ${sql.lit(maxOfAKind)}`.execute(trx);
        problems.push(...rows.map(({ sentence }) => sentence));
      }
      if (metrics) problems.push(...(await metricsDifferences(trx, metrics)));
      const counted = await sql<{ calls: number }>`select count(*)::int as calls from calls`.execute(trx);
      return { calls: counted.rows[0]?.calls ?? 0, links, entries, problems };
    });
}
