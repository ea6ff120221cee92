import type { UsageRecord } from '@busbar/core';

/** The groups of a report. Days are in UTC. `key` is the id of the key or user that called. */
export type UsageGroup = 'day' | 'tenant' | 'key' | 'tool' | 'connector';

/** A time range and a tenant. A call belongs to the time at which it began. */
export interface UsageRange {
  /** Milliseconds since the epoch, inclusive. */
  readonly from: number;
  /** Milliseconds since the epoch, exclusive. At most 400 days after `from`. */
  readonly until: number;
  /** Absent: all tenants. */
  readonly tenant?: string | undefined;
}

/** The query for a report. */
export interface UsageQuery extends UsageRange {
  /** Rows are grouped and sorted by these, in this order. Empty: one row for all calls. */
  readonly by: readonly UsageGroup[];
}

/** Selects one page. */
export interface Paging {
  /** The `next` of the previous page. */
  readonly after?: string | undefined;
  /** The maximum number of rows: 1 to 1,000. */
  readonly limit: number;
}

/** The usage of one group of calls. */
export interface UsageRow {
  /** A value for each group in `by`. A day is written `2026-01-31`. */
  readonly group: Readonly<Partial<Record<UsageGroup, string>>>;
  /** Admitted calls, including running ones, without replays. */
  readonly calls: number;
  /** Calls that ended and were not refunded. */
  readonly charged: number;
  /** Repeated calls that got a stored answer. They cost nothing. */
  readonly replays: number;
  readonly failed: number;
  /** The units of charged calls. */
  readonly units: number;
  /** Millionths of the currency, exact. Amounts that are reserved for running calls are not included. */
  readonly cost: bigint;
  readonly upstreamRequests: number;
  /** The bytes of all answers, including replays. */
  readonly bytesOut: number;
  /** An estimate. */
  readonly tokensOut: number;
  /** The sum of the durations of calls that ended, without replays, in milliseconds. */
  readonly durationMs: number;
  /** The median duration of calls that ended, in milliseconds. Undefined if none did. */
  readonly p50Ms: number | undefined;
  /** The 95th percentile. */
  readonly p95Ms: number | undefined;
}

/** A call in the ledger. While it runs, its `price` is a reservation. */
export interface CallRecord extends Omit<UsageRecord, 'endedAt'> {
  readonly effect: string;
  /** The error's code, if the call ended with an error. */
  readonly code: string | undefined;
  /** False for a refunded call and a replay. */
  readonly charged: boolean;
  /** Undefined while the call runs. */
  readonly endedAt: number | undefined;
}

/** The calls to list. */
export interface CallsQuery extends UsageRange {
  /** Only calls with this status: an outcome's status, `running` or `replayed`. Default: all. */
  readonly status?: CallRecord['status'] | undefined;
}

/** The usage of all tenants. Its methods reject with RangeError for an invalid range, limit or page position. */
export interface Usage {
  /** Sums usage by group. Each page is read separately, so a call that is made between two reads is only in the later page. */
  report(query: UsageQuery & Paging): Promise<{ readonly rows: readonly UsageRow[]; readonly next?: string }>;
  /** The whole report as CSV, read page by page: a header, then a line for each row. Costs have 6 decimals. */
  csv(query: UsageQuery): AsyncIterable<string>;
  /** Calls and replays, newest first. The status `unknown` lists the writes that a person must check. */
  calls(query: CallsQuery & Paging): Promise<{ readonly calls: readonly CallRecord[]; readonly next?: string }>;
}
