import type { Answer, Outcome } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { itemsParameter, timeText } from './metering-items.ts';
import type { Tables } from './tables.ts';

/** The end of a call, as it is written. */
export interface SettleItem {
  readonly callId: string;
  readonly status: Outcome['status'];
  readonly wrote: Outcome['wrote'];
  readonly code: string | null;
  readonly upstreamRequests: number;
  readonly bytesOut: number;
  readonly accepted: string | null;
  readonly endedAt: number;
  /** False gives the call's claim back. */
  readonly keepsClaim: boolean;
  /** JSON, for replay. Null where nobody may be told how the call went. */
  readonly answer: string | null;
}

// A kept answer is read back with every replay, and a batch may hold hundreds of them.
const maxKeptBytes = 64 * 1024;

/** The end of a call as the host tells it. */
export function settledItem(callId: string, { status, wrote, answer, upstreamRequests, endedAt, accepted }: Outcome): SettleItem {
  const json = JSON.stringify(answer);
  const bytesOut = Buffer.byteLength(json);
  const done = status === 'executed' || status === 'accepted' || status === 'unknown';
  return {
    callId,
    status,
    wrote,
    code: codeOf(answer),
    upstreamRequests,
    bytesOut,
    accepted: accepted ?? null,
    endedAt,
    keepsClaim: done || wrote !== 'no',
    answer: bytesOut <= maxKeptBytes ? json : done && status !== 'unknown' ? JSON.stringify(noteInstead) : null,
  };
}

/** The end of a call whose record failed, as its caller was told it: unknown where it may have written, else failed. */
export function lostItem(
  callId: string,
  { wrote, upstreamRequests, endedAt }: Pick<Outcome, 'wrote' | 'upstreamRequests' | 'endedAt'>,
): SettleItem {
  const end = { callId, upstreamRequests, endedAt, bytesOut: 0, accepted: null, answer: null };
  return wrote === 'no'
    ? { ...end, status: 'failed', wrote, code: 'UNAVAILABLE', keepsClaim: false }
    : { ...end, status: 'unknown', wrote: 'unknown', code: 'OUTCOME_UNKNOWN', keepsClaim: true };
}

/**
 * Ends calls, and ends or gives back their claims, in one statement and so in one transaction. A call that its replica has ended before
 * stays as it is; one that a sweep has ended becomes what really happened, and so does its claim unless another call has it by now.
 */
export async function settleCalls(db: Kysely<Tables>, items: readonly SettleItem[], keepMs: number): Promise<void> {
  // The first of two ends of one call holds.
  const first = new Map(items.toReversed().map((item) => [item.callId, item]));
  const rows = Array.from(first.values(), (item) => ({
    call_id: item.callId,
    status: item.status,
    wrote: item.wrote,
    code: item.code,
    upstream_requests: item.upstreamRequests,
    bytes_out: item.bytesOut,
    accepted: item.accepted,
    ended_at: timeText(item.endedAt),
    keeps_claim: item.keepsClaim,
    answer: item.answer,
    expires_at: timeText(item.endedAt + keepMs),
  }));
  await sql`
    with item as (
      select * from json_to_recordset(${itemsParameter(rows)}) as item (
        call_id text, status text, wrote text, code text, upstream_requests int, bytes_out int, accepted text, ended_at timestamptz,
        keeps_claim boolean, answer text, expires_at timestamptz)
    ), ended as (
      update calls set status = item.status, wrote = item.wrote, code = item.code, upstream_requests = item.upstream_requests,
        bytes_out = item.bytes_out, accepted = item.accepted, ended_at = item.ended_at, lease_until = null
      from item where calls.call_id = item.call_id and calls.lease_until is not null
      returning calls.call_id, calls.claim, item.keeps_claim, item.answer, item.expires_at
    ), held as (
      select claims.id, ended.keeps_claim, ended.answer, ended.expires_at
      from ended join claims on claims.id = ended.claim and claims.call_id = ended.call_id
      order by claims.id for update of claims
    ), released as (
      delete from claims using held where claims.id = held.id and not held.keeps_claim
    )
    update claims set answer = held.answer, expires_at = held.expires_at
    from held where claims.id = held.id and held.keeps_claim`.execute(db);
}

function codeOf({ meta }: Answer): string | null {
  const error = meta?.['busbar/error'];
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

// An error, as core tells what was done and cannot be shown: clients hold a success against the tool's output schema.
const noteInstead: Answer = {
  content: [
    {
      type: 'text',
      text: 'This call was carried out before, but its answer was too large to be kept. Do not repeat it under a new key; read what is there.',
    },
  ],
  isError: true,
  meta: { 'busbar/outcome': 'executed' },
};
