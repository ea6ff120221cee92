import { answerJson, isCharged, type Answer, type Call, type Outcome, type Price } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { endedLine } from '../audit/entries.ts';
import { chainLock, linkFromEntries, linkTimes, type LinkTimes } from '../audit/link.ts';
import type { DeadLetterRow } from '../dead-letters/dead-letter.ts';
import { writeDeadLetters } from '../dead-letters/write.ts';
import { itemsText, timeText } from '../database/sql-parameters.ts';
import { claims } from '../claims.ts';
import { refundCounters } from './refund.ts';
import { prepared } from '../database/prepared.ts';
import type { Tables } from '../database/tables.ts';

/** The settlement of a call, as the ledger stores it. */
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
  /** False: the call's quota is refunded. */
  readonly charged: boolean;
  /** The call's cost in millionths of the currency. */
  readonly price: number;
  /** False: the call's claim is released. */
  readonly keepsClaim: boolean;
  /** JSON, for replay. Undefined if the call has no claim, or if a duplicate call must get OUTCOME_UNKNOWN. */
  readonly answer: string | undefined;
  /** How long the answer is kept. Undefined if the call has no claim. */
  readonly keepMs: number | undefined;
  readonly deadLetter?: DeadLetterRow | undefined;
}

// Every replay reads a stored answer back, and a batch may hold hundreds of answers.
const maxKeptBytes = 64 * 1024;

/** Creates the settlement of a call from the host's outcome. */
export function settledItem(call: Call, price: Price, outcome: Outcome, keepMs: number, deadLetter?: DeadLetterRow): SettleItem {
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
    deadLetter,
  };
}

function keptAnswer(json: string, bytes: number, done: boolean): string | undefined {
  if (bytes <= maxKeptBytes) return json;
  return done ? JSON.stringify(answerTooLarge) : undefined;
}

/**
 * Creates the settlement of a call whose caller got UNAVAILABLE because the call could not be recorded: `unknown` if the call may have
 * written, otherwise `failed`.
 */
export function lostItem(
  call: Call,
  price: Price,
  { wrote, upstreamRequests, endedAt }: Pick<Outcome, 'wrote' | 'upstreamRequests' | 'endedAt'>,
  keepMs: number,
): SettleItem {
  const end: Outcome =
    wrote === 'no'
      ? { status: 'failed', wrote, code: 'UNAVAILABLE', answer: noAnswer, upstreamRequests, endedAt }
      : { status: 'unknown', wrote: 'unknown', code: 'OUTCOME_UNKNOWN', answer: noAnswer, upstreamRequests, endedAt };
  return { ...settledItem(call, price, end, keepMs), bytesOut: 0, answer: undefined };
}

/**
 * The result of a settlement. `ended`: the settlement was written now. `known`: the call's replica had already settled the call. `lost`:
 * the call is a read that a sweep had already ended, or there is no such call.
 */
export type SettleResult = 'ended' | 'known' | 'lost';

type ResultOfCall = (callId: string) => SettleResult;

/** Options for {@link settleCalls}. */
export interface SettleOptions {
  readonly now: number;
  /** The audit's chain. */
  readonly chain: string;
  readonly usageEvents: boolean;
  /** Per tenant. */
  readonly maxDeadLetters: number;
}

interface Row {
  readonly open: boolean;
  /** Null if all calls ended now. */
  readonly details: { readonly ended: readonly string[] | null; readonly known: readonly string[] | null } | null;
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
      'known', (select json_agg(call_id) from calls join item using (call_id) where calls.lease_until is null)) end as details`,
);

/**
 * Settles calls in one statement, and so in one transaction: ends them, refunds unused quota, ends or releases their claims, and appends to
 * the audit. Returns undefined, and writes nothing, if another replica has closed the audit's chain.
 *
 * A call that its replica has already settled does not change. A write that a sweep has ended gets its real outcome, and so does its claim
 * unless another call now holds the claim. The write's price and quota stay as the sweep left them, because they may have been billed. A
 * read that a sweep has ended does not change, because another call may have used its quota since.
 */
export async function settleCalls(
  db: Kysely<Tables>,
  items: readonly SettleItem[],
  options: SettleOptions,
): Promise<ResultOfCall | undefined> {
  const deadLetters = items.flatMap(({ deadLetter }) => deadLetter ?? []);
  if (deadLetters.length === 0) return await settleBatch(db, items, options);
  return await db.transaction().execute(async (transaction) => {
    const resultOf = await settleBatch(transaction, items, options);
    if (resultOf)
      await writeDeadLetters(
        transaction,
        deadLetters.filter(({ call_id }) => resultOf(call_id) === 'ended'),
        options.maxDeadLetters,
      );
    return resultOf;
  });
}

async function settleBatch(
  db: Kysely<Tables>,
  items: readonly SettleItem[],
  { now, chain, usageEvents }: SettleOptions,
): Promise<ResultOfCall | undefined> {
  // If a call has two settlements, the first counts.
  const first = new Map(items.toReversed().map((item) => [item.callId, item]));
  const [row] = await settleStatement(db, {
    items: itemsText(Array.from(first.values(), toRow)),
    chain,
    usageEvents,
    ...linkTimes(now),
  });
  if (!row?.open) return undefined;
  if (!row.details) return allEnded;
  const ended = new Set(row.details.ended);
  const known = new Set(row.details.known);
  return (callId) => (ended.has(callId) ? 'ended' : known.has(callId) ? 'known' : 'lost');
}

const allEnded: ResultOfCall = () => 'ended';

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

const noAnswer: Answer = { content: [] };

// An error, as in core for a write whose output cannot be shown: clients would check a success against the tool's output schema.
const answerTooLarge: Answer = {
  content: [
    {
      type: 'text',
      text: 'This call was carried out before, but its answer was too large to be kept. Do not repeat it under a new key; read what is there.',
    },
  ],
  isError: true,
  meta: { 'busbar/outcome': 'executed' },
};
