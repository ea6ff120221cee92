import { answerJson, isCharged, type Answer, type Call, type Outcome, type Price } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { endedEntry } from './audit-entries.ts';
import { chainLock, linkFromEntries, linkTimes, type LinkTimes } from './audit-link.ts';
import type { DeadLetterRow } from './dead-letter.ts';
import { writeLetters } from './dead-letter-writes.ts';
import { itemsText, timeText } from './metering-items.ts';
import { claims } from './metering-admit.ts';
import { refundCounters } from './metering-refund.ts';
import { prepared } from './prepared.ts';
import type { Tables } from './tables.ts';

/** The end of a call, as it is written. */
export interface SettleItem {
  readonly callId: string;
  readonly tenant: string;
  readonly status: Outcome['status'];
  readonly wrote: Outcome['wrote'];
  readonly code: string | null;
  readonly upstreamRequests: number;
  readonly bytesOut: number;
  readonly accepted: string | null;
  readonly endedAt: number;
  /** False gives what it took of quotas back. */
  readonly charged: boolean;
  /** What it costs, in millionths. */
  readonly price: number;
  /** False gives the call's claim back. */
  readonly keepsClaim: boolean;
  /** JSON, for replay. Null where nobody may be told how the call went, or can ask: it has no claim. */
  readonly answer: string | null;
  /** How long the answer is kept. */
  readonly keepMs: number;
  /** For a person to try it again. */
  readonly letter?: DeadLetterRow | undefined;
}

// A kept answer is read back with every replay, and a batch may hold hundreds of them.
const maxKeptBytes = 64 * 1024;

/** The end of a call as the host tells it. */
export function settledItem(call: Call, price: Price, outcome: Outcome, keepMs: number, letter?: DeadLetterRow): SettleItem {
  const { status, wrote, answer, upstreamRequests, endedAt, accepted, code = null } = outcome;
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
    accepted: accepted ?? null,
    endedAt,
    charged,
    price: charged && !price.free.includes(status) ? price.amount : 0,
    keepsClaim: done || wrote !== 'no',
    answer: claims(call) ? keptAnswer(json, bytesOut, done && status !== 'unknown') : null,
    keepMs: call.keepMs ?? keepMs,
    letter,
  };
}

function keptAnswer(json: string, bytes: number, done: boolean): string | null {
  if (bytes <= maxKeptBytes) return json;
  return done ? JSON.stringify(noteInstead) : null;
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
  return { ...settledItem(call, price, end, keepMs), bytesOut: 0, answer: null };
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
  readonly ended: readonly string[] | null;
  readonly known: readonly string[] | null;
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
      select item.* from chain, json_to_recordset(${items}::json) as item (
        ord int, call_id text, status text, wrote text, code text, upstream_requests int, bytes_out int, accepted text, ended_at timestamptz,
        charged boolean, price bigint, keeps_claim boolean, answer text, expires_at timestamptz, line text)
    ), before as materialized (
      select item.*, calls.status = 'running' as running, calls.units, calls.price as reserved, calls.counters, calls.claim
      from item join calls using (call_id)
      where calls.lease_until is not null and (calls.status = 'running' or calls.effect <> 'read')
      order by calls.call_id for update of calls
    ), ended as (
      update calls set status = before.status, wrote = before.wrote, code = before.code, upstream_requests = before.upstream_requests,
        bytes_out = before.bytes_out, tokens_out = ceil(before.bytes_out / 4.0), accepted = before.accepted, ended_at = before.ended_at,
        charged = case when before.running then before.charged else calls.charged end,
        price = case when before.running then before.price else calls.price end,
        lease_until = null
      from before where calls.call_id = before.call_id
      returning calls.call_id, calls.charged, calls.price, before.running, before.ord, before.line
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
      select ord as position, left(line, -1) || ',"charged":' || charged || ',"price":' || price || '}' as line from ended
    ), ${linkFromEntries({ at, leaseUntil })}
    select exists (select from chain) as open,
      (select json_agg(call_id) from ended) as ended,
      case when (select count(*) from ended) < (select count(*) from item)
        then (select json_agg(call_id) from calls join item using (call_id) where calls.lease_until is null) end as known`,
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
  const rows = await settleStatement(db, {
    items: itemsText(Array.from(first.values(), toRow)),
    chain,
    usageEvents,
    ...linkTimes(now),
  });
  const [row] = rows;
  if (!row?.open) return undefined;
  const ended = new Set(row.ended);
  const known = new Set(row.known);
  return (callId) => (ended.has(callId) ? 'ended' : known.has(callId) ? 'known' : 'lost');
}

const toRow = (item: SettleItem, ord: number) => ({
  ord,
  call_id: item.callId,
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
  expires_at: timeText(item.endedAt + item.keepMs),
  line: endedEntry(item),
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
