import { sql, type Kysely } from 'kysely';
import type { Tables } from '../database/tables.ts';

/** The calls that one process has counted since it started: `mcp_requests_total` by its labels. */
export interface CallCounts {
  /** The `replica` of its metering. */
  readonly replica: string;
  readonly counts: readonly { readonly connector: string; readonly tool: string; readonly status: string; readonly count: number }[];
  /** How many calls were running when the counts were read. Up to that many calls may already be settled but not yet counted. */
  readonly running: number;
}

/** Compares the counts of a replica with the rows that it wrote. Refused calls have no row. */
export async function metricsDifferences(db: Kysely<Tables>, { replica, counts, running }: CallCounts): Promise<readonly string[]> {
  const { rows } = await sql<{ connector: string; tool: string; status: string; count: number }>`
    select connector, tool, status, count(*)::int as count from calls where replica = ${replica} and status <> 'running'
    group by connector, tool, status order by connector, tool, status`.execute(db);
  const nameOf = ({ tool, status }: { readonly tool: string; readonly status: string }): string => `${tool} ${status}`;
  const counted = new Map(counts.filter(({ status }) => status !== 'refused').map((each) => [nameOf(each), each.count]));
  const written = new Map(rows.map((each) => [nameOf(each), each.count]));
  const names = [...new Set([...counted.keys(), ...written.keys()])].sort();
  const differences = names.map((name) => ({ name, metrics: counted.get(name) ?? 0, ledger: written.get(name) ?? 0 }));
  const ahead = differences.reduce((sum, { metrics, ledger }) => sum + Math.max(0, ledger - metrics), 0);
  return differences
    .filter(({ metrics, ledger }) => metrics > ledger || (ledger > metrics && ahead > running))
    .map(({ name, metrics, ledger }) => `Replica ${replica}, ${name}: the metrics count ${metrics} calls, and the ledger has ${ledger}.`);
}
