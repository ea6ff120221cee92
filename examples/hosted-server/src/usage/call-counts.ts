import type { CallCounts } from '@busbar/postgres';
import type { Registry } from 'prom-client';

/** Reads this process's call counts, as `/metrics` shows them, for a comparison with the ledger. */
export async function callCounts(registry: Registry, { replica, running }: Pick<CallCounts, 'replica' | 'running'>): Promise<CallCounts> {
  const { values = [] } = (await registry.getSingleMetric('mcp_requests_total')?.get()) ?? {};
  const counts = values.map(({ labels, value }) => ({
    connector: String(labels['connector']),
    tool: String(labels['tool']),
    status: String(labels['status']),
    count: value,
  }));
  return { replica, counts, running };
}
