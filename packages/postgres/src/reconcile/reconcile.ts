import { systemClock, type Clock } from '@busbar/core';
import { sql } from 'kysely';
import { exportAudit } from '../audit/export.ts';
import { verifyAudit } from '../audit/verify.ts';
import type { AuditHeads } from '../audit/lines.ts';
import type { Database } from '../database/database.ts';
import { createAuditedCalls } from './audited-calls.ts';
import { auditDifferences, ledgerDifferences } from './differences.ts';
import { metricsDifferences, type CallCounts } from './metrics.ts';

/** Options for {@link reconcile}. */
export interface ReconcileOptions {
  readonly clock?: Clock;
  /** The heads of an earlier export: see `verifyAudit`. */
  readonly knownHeads?: AuditHeads | undefined;
  /** The counts of one replica. Read them before this call. Default: metrics are not compared. */
  readonly metrics?: CallCounts | undefined;
}

/** The result of {@link reconcile}. */
export interface ReconcileResult {
  /** How many rows of the ledger, and links and entries of the audit, were compared. */
  readonly calls: number;
  readonly links: number;
  readonly entries: number;
  /**
   * One sentence per problem, with the ids. At most 1,000 sentences of each kind. Empty: ledger, quotas, claims, audit and metrics agree.
   */
  readonly problems: readonly string[];
}

const maxPerKind = 1_000;
// Each statement reads whole tables, which may take longer than the default timeout allows.
const statementMs = 10 * 60_000;

/**
 * Compares the ledger with the quota counters, the claims, the waiting usage events, the audit and the metrics, all at one moment, so calls
 * may continue. The audit must contain every call since the first call in it, or since the time up to which retention has dropped links.
 *
 * Reads the audit line by line, writes its entries about calls to a temporary table in the database, and joins this table with the ledger.
 * On PGlite, which has one connection, calls wait until it is done.
 */
export async function reconcile({ reports }: Pick<Database, 'reports'>, options: ReconcileOptions = {}): Promise<ReconcileResult> {
  const { clock = systemClock, knownHeads, metrics } = options;
  return await reports
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (trx) => {
      await sql`set local statement_timeout = ${sql.lit(statementMs)}`.execute(trx);
      const audited = await createAuditedCalls(trx);
      const verdict = await verifyAudit(() => exportAudit({ reports: trx }, { clock }), { knownHeads, onEntry: audited.add });
      const since = await audited.finish();
      const problems = [...verdict.problems];
      for (const difference of [...ledgerDifferences(clock.now()), ...auditDifferences(since)]) {
        const { rows } = await sql<{ sentence: string }>`
          select sentence from (${difference}) as difference limit ${sql.lit(maxPerKind)}`.execute(trx);
        problems.push(...rows.map(({ sentence }) => sentence));
      }
      if (metrics) problems.push(...(await metricsDifferences(trx, metrics)));
      const counted = await sql<{ calls: number }>`select count(*)::int as calls from calls`.execute(trx);
      return { calls: counted.rows[0]?.calls ?? 0, links: verdict.links, entries: verdict.entries, problems };
    });
}
