import type { UsageRecord } from '@busbar/core';
import type { Selectable } from 'kysely';
import type { Tables } from '../database/tables.ts';

/** A row of `calls`. */
export type CallRow = Selectable<Tables['calls']>;

/** The usage record of a call. For a call that is still running, `endedAt` is the time at which it began. */
export function usageRecord(row: CallRow): UsageRecord {
  return {
    callId: row.call_id,
    tenant: row.tenant,
    key: row.principal,
    connector: row.connector,
    connection: row.connection,
    tool: row.tool,
    status: row.status,
    units: row.units,
    price: Number(row.price),
    upstreamRequests: row.upstream_requests,
    bytesOut: row.bytes_out,
    tokensOut: row.tokens_out,
    startedAt: row.started_at.getTime(),
    endedAt: (row.ended_at ?? row.started_at).getTime(),
  };
}
