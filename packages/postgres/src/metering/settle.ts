import { answerJson, isCharged, type Answer, type Call, type Outcome, type Price } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { endedLine } from '../audit/entries.ts';
import { chainLock, linkFromEntries, linkTimes, type LinkTimes } from '../audit/link.ts';
import type { DeadLetterRow } from '../dead-letters/dead-letter.ts';
import { writeLetters } from '../dead-letters/write.ts';
import { itemsText, timeText } from '../database/sql-parameters.ts';
import { claims } from '../claims.ts';
import { refundCounters } from './refund.ts';
import { prepared } from '../database/prepared.ts';
import type { Tables } from '../database/tables.ts';

/** The end of a call, as it is written. */
export interface SettleItem {
  readonly callId: string;
  readonly tenant: string;
  readonly status: Outcome['status'];
  readonly wrote: Outcome['wrote'];
  readonly code: string | undefined;
  readonly upstreamRequests: number;
  readonly bytesOut: number;
  readonly accepted: string | undefined;
  readonly endedAt: number;
  /** False gives what it took of quotas back. */
  readonly charged: boolean;
  /** What it costs, in millionths. */
  readonly price: number;
  /** False gives the call's claim back. */
  readonly keepsClaim: boolean;
  /** JSON, for replay. Undefined where nobody may be told how the call went, or can ask: it has no claim. */
  readonly answer: string | undefined;
  /** How long the answer is kept. Undefined where there is no claim. */
  readonly keepMs: number | undefined;
  /** For a person to try it again. */
  readonly letter?: DeadLetterRow | undefined;
}

// A kept answer is read back with every replay, and a batch may hold hundreds of them.
const maxKeptBytes = 64 * 1024;

/** The end of a call as the host tells it. */
export function settledItem(call: Call, price: Price, outcome: Outcome, keepMs: number, letter?: DeadLetterRow): SettleItem {
  const { status, wrote, answer, upstreamRequests, endedAt, accepted, code } = outcome;
  const json = answerJson(answer);
  const bytesOut = Buffer.byteLength(json);
  const done = status === 'executed' || status === 'accepted' || status === 'unknown';
  const charged = isCharged(outcome);
  return {
    callId: call.callId,
    tenant: call.principal.tenant,
    status,
    wrote,
    code,
    upstreamRequests,
    bytesOut,
    accepted,
    endedAt,
    charged,
    price: charged && !price.free.includes(status) ? price.amount : 0,
    keepsClaim: done || wrote !== 'no',
    answer: claims(call) ? keptAnswer(json, bytesOut, done && status !== 'unknown') : undefined,
    keepMs: claims(call) ? (call.keepMs ?? keepMs) : undefined,
    letter,
  };
}

function keptAnswer(json: string, bytes: number, done: boolean): string | undefined {
  if (bytes <= maxKeptBytes) return json;
  return done ? JSON.stringify(noteInstead) : undefined;
}

/** The end of a call whose record failed, as its caller was told it: unknown where it may have written, else failed. */
export function lostItem(
  call: Call,
  price: Price,
  { wrote, upstreamRequests, endedAt }: Pick<Outcome, 'wrote' | 'upstreamRequests' | 'endedAt'>,
  keepMs: number,
): SettleItem {
  const end: Outcome =
    wrote === 'no'
      ? { status: 'failed', wrote, code: 'UNAVAILABLE', answer: nothing, upstreamRequests, endedAt }
      : { status: 'unknown', wrote: 'unknown', code: 'OUTCOME_UNKNOWN', answer: nothing, upstreamRequests, endedAt };
  return { ...settledItem(call, price, end, keepMs), bytesOut: 0, answer: undefined };
}

/** What became of the ends of calls. `lost`: a sweep had ended the read before, or there is no such call; `known`: it has this end already. */
export type Settled = 'ended' | 'known' | 'lost';

type SettledOf = (callId: string) => Settled;

/** How ends are written. */
export interface SettleBy {
  readonly now: number;
  /** The audit's chain. */
  readonly chain: string;
  readonly usageEvents: boolean;
  /** The most dead letters of a tenant. */
  readonly maxLetters: number;
}

interface Row {
  readonly open: boolean;
  /** Null: all have ended now. */
  readonly told: { readonly ended: readonly string[] | null; readonly known: readonly string[] | null } | null;
}

interface Settles extends LinkTimes {
  readonly items: string;
  readonly chain: string;
  readonly usageEvents: boolean;
}

const settleStatement = prepared<Settles, Row>(
  ['items', 'chain', 'usageEvents', 'at', 'leaseUntil'],
  ({ items, chain, usageEvents, at, leaseUntil }) => sql<Row>`
    with chain as materialized (${chainLock(chain)}),
    item as materialized (
      select item.*, ordinality as ord from chain, rows from (json_to_recordset(${items}::json) as (
        call_id text, tenant text, status text, wrote text, code text, upstream_requests int, bytes_out int, accepted text, ended_at text,
        charged boolean, price bigint, keeps_claim boolean, answer text, expires_at timestamptz)) with ordinality as item
    ), before as materialized (
      select item.*, calls.status = 'running' as running, calls.units, calls.price as reserved, calls.counters, calls.claim
      from item join calls using (call_id)
      where calls.lease_until is not null and (calls.status = 'running' or calls.effect <> 'read')
      order by calls.call_id for update of calls
    ), ended as (
      update calls set status = item.status, wrote = item.wrote, code = item.code, upstream_requests = item.upstream_requests,
        bytes_out = item.bytes_out, tokens_out = ceil(item.bytes_out / 4.0), accepted = item.accepted, ended_at = item.ended_at::timestamptz,
        charged = case when item.running then item.charged else calls.charged end,
        price = case when item.running then item.price else calls.price end,
        lease_until = null
      from before as item where calls.call_id = item.call_id
      returning calls.call_id, calls.charged, item.running, item.ord, ${endedLine('calls')} as line
    ), refundable as (
      select counters, case when charged then 0 else 1 end as calls, case when charged then 0 else units end as units, reserved - price as money
      from before where running and counters is not null and (not charged or price <> reserved)
    ), ${refundCounters}, held as (
      select claims.id, before.keeps_claim, before.answer, before.expires_at
      from before join claims on claims.id = before.claim and claims.call_id = before.call_id
      where (select count(*) from refund_counter) >= 0
      order by claims.id for update of claims
    ), released as (
      delete from claims using held where claims.id = held.id and not held.keeps_claim
    ), kept as (
      update claims set answer = held.answer, expires_at = held.expires_at from held where claims.id = held.id and held.keeps_claim
    ), answered as (
      delete from dead_letters where id = any(array(select id from held where keeps_claim))
    ), billed as (
      insert into usage_outbox (call_id, due_at)
      select call_id, ${at}::timestamptz from ended where charged and running and ${usageEvents}::boolean
      on conflict do nothing
    ), entry as (
      select ord as position, line from ended
    ), ${linkFromEntries({ at, leaseUntil })}
    select exists (select from chain) as open, case when (select count(*) from ended) < (select count(*) from item) then json_build_object(
      'ended', (select json_agg(call_id) from ended),
      'known', (select json_agg(call_id) from calls join item using (call_id) where calls.lease_until is null)) end as told`,
);

/**
 * Ends calls, gives back what they took of quotas and did not use, ends or gives back their claims, and adds to the audit, in one statement
 * and so in one transaction. Undefined where the audit's chain was closed by another replica: nothing is written then.
 *
 * A call that its replica has ended before stays as it is. A write that a sweep has ended becomes what really happened, and so does its claim
 * unless another call has it by now; its price and its quota stay as the sweep left them, since they may have been billed. A read that a
 * sweep has ended stays so: its quota is another's by now.
 */
export async function settleCalls(db: Kysely<Tables>, items: readonly SettleItem[], by: SettleBy): Promise<SettledOf | undefined> {
  const letters = items.flatMap(({ letter }) => letter ?? []);
  if (letters.length === 0) return await settleBatch(db, items, by);
  return await db.transaction().execute(async (transaction) => {
    const settled = await settleBatch(transaction, items, by);
    if (settled)
      await writeLetters(
        transaction,
        letters.filter(({ call_id }) => settled(call_id) === 'ended'),
        by.maxLetters,
      );
    return settled;
  });
}

async function settleBatch(
  db: Kysely<Tables>,
  items: readonly SettleItem[],
  { now, chain, usageEvents }: SettleBy,
): Promise<SettledOf | undefined> {
  // The first of two ends of one call holds.
  const first = new Map(items.toReversed().map((item) => [item.callId, item]));
  const [row] = await settleStatement(db, {
    items: itemsText(Array.from(first.values(), toRow)),
    chain,
    usageEvents,
    ...linkTimes(now),
  });
  if (!row?.open) return undefined;
  if (!row.told) return allEnded;
  const ended = new Set(row.told.ended);
  const known = new Set(row.told.known);
  return (callId) => (ended.has(callId) ? 'ended' : known.has(callId) ? 'known' : 'lost');
}

const allEnded: SettledOf = () => 'ended';

const toRow = (item: SettleItem) => ({
  call_id: item.callId,
  tenant: item.tenant,
  status: item.status,
  wrote: item.wrote,
  code: item.code,
  upstream_requests: item.upstreamRequests,
  bytes_out: item.bytesOut,
  accepted: item.accepted,
  ended_at: timeText(item.endedAt),
  charged: item.charged,
  price: item.price,
  keeps_claim: item.keepsClaim,
  answer: item.answer,
  expires_at: item.keepMs === undefined ? undefined : timeText(item.endedAt + item.keepMs),
});

const nothing: Answer = { content: [] };

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
