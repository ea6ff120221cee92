import type { Call, Price, QuotaCharge } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { admittedLine, endedLine, inputLine, replayedLine } from '../audit/entries.ts';
import { chainLock, linkFromEntries, linkTimes, type LinkTimes } from '../audit/link.ts';
import { claimOf } from '../claims.ts';
import { itemsText, linesText, oneOf, timeText } from '../database/sql-parameters.ts';
import type { SettleItem } from './settle.ts';
import { prepared } from '../database/prepared.ts';
import type { Tables } from '../database/tables.ts';

/** A call to admit, or a call that has already run and is recorded in one write. */
export interface AdmitItem {
  readonly call: Call;
  /** The id of the call's claim. Null: the call claims nothing. */
  readonly claim: string | null;
  readonly price: Price;
  readonly charges: readonly QuotaCharge[];
  /**
   * The call's arguments, as JSON for the audit. They are serialized before the item joins a batch, so that arguments that cannot be
   * serialized fail only their own call.
   */
  readonly input: string;
  /** The end of a call that has already run. Absent: the call is about to run. */
  readonly end?: SettleItem | undefined;
}

/** Creates the item for a call that is about to run or, with an `end`, has already run. */
export const admitItem = (call: Call, price: Price, charges: readonly QuotaCharge[], end?: SettleItem): AdmitItem => ({
  call,
  claim: claimOf(call),
  price,
  charges,
  input: inputLine(call),
  end,
});

/** The replica that writes, the time, and the audit's chain. */
export interface Writer {
  readonly replica: string;
  readonly now: number;
  readonly chain: string;
}

/**
 * The result of an admission. `written`: the call may run. `taken`: its claim or its id existed before. `full`: too little of a quota is
 * left. `retry`: admit the call again, because it lacked only quota that earlier calls in its batch might have taken but did not.
 */
export type AdmitResult = { readonly kind: 'written' | 'taken' | 'retry' } | { readonly kind: 'full'; readonly charge: QuotaCharge };

interface Row {
  readonly open: boolean;
  /** Null if all calls were written. */
  readonly details: {
    readonly written: readonly string[] | null;
    readonly refused: readonly number[] | null;
    readonly counters: readonly { readonly id: string; readonly used: number }[] | null;
  } | null;
}

interface Admits extends LinkTimes {
  readonly items: string;
  readonly inputs: string;
  readonly count: number;
  readonly charges: string;
  readonly chain: string;
  readonly replica: string;
  readonly callLeaseUntil: string;
  readonly usageEvents: boolean;
}

const admitStatement = prepared<Admits, Row>(
  ['items', 'inputs', 'count', 'charges', 'chain', 'replica', 'callLeaseUntil', 'usageEvents', 'at', 'leaseUntil'],
  ({ items, inputs, count, charges, chain, replica, callLeaseUntil, usageEvents, at, leaseUntil }) => sql<Row>`
    with chain as materialized (${chainLock(chain)}),
    item as materialized (
      select item.*, string_to_table as input, ordinality - 1 as ord from chain, rows from (
        json_to_recordset(${items}::json) as (
          call_id text, claim text, input_hash text, tenant text, principal text, address text, connector text, connection text, tool text,
          effect text, units int, price bigint, counters text[], started_at text, status text, wrote text, code text, upstream_requests int,
          bytes_out int, accepted text, ended_at text, charged boolean),
        string_to_table(${inputs}::text, E'\\n')
      ) with ordinality as item
      where not exists (select from calls where calls.call_id = item.call_id)
    ), charge as materialized (
      select ord, call_id, counter, amount, kept, most, sum(amount) over (partition by counter order by ord) as with_those_before
      from json_to_recordset(${charges}::json) as charge (ord int, call_id text, counter text, amount bigint, kept bigint, most bigint)
    ), counter as materialized (
      select quota_counters.id, used from (select distinct counter from charge order by counter) as wanted
      join quota_counters on quota_counters.id = wanted.counter
      order by id for update of quota_counters
    ), refused as materialized (
      select distinct ord from charge
      where with_those_before > most - coalesce(((select jsonb_object_agg(id, used) from counter) ->> counter)::bigint, most)
    ), claimed as (
      insert into claims as claim (id, input_hash, call_id)
      select claim, input_hash, call_id from item where claim is not null and ord not in (select ord from refused) order by claim
      on conflict (id) do update set input_hash = excluded.input_hash, call_id = excluded.call_id, answer = null, expires_at = null
      where claim.expires_at <= ${at}::timestamptz
      returning call_id
    ), written as (
      insert into calls (call_id, claim, tenant, principal, address, connector, connection, tool, effect, units, price, counters, started_at,
        status, wrote, code, upstream_requests, bytes_out, tokens_out, accepted, ended_at, charged, replica, lease_until)
      select call_id, claim, tenant, principal, address, connector, connection, tool, effect, units, price, counters, started_at::timestamptz,
        coalesce(status, 'running'), wrote, code, coalesce(upstream_requests, 0), coalesce(bytes_out, 0), coalesce(ceil(bytes_out / 4.0), 0),
        accepted, ended_at::timestamptz, coalesce(charged, true), ${replica},
        case when status is null then ${callLeaseUntil}::timestamptz end
      from item where ord not in (select ord from refused) and (claim is null or call_id in (select call_id from claimed))
      on conflict do nothing
      returning call_id
    ), taken as (
      update quota_counters set used = used + taking.amount
      from (
        select counter, sum(kept)::bigint as amount from charge where ${oneOf('call_id', 'written')} group by counter having sum(kept) > 0
      ) as taking
      where quota_counters.id = taking.counter
    ), billed as (
      insert into usage_outbox (call_id, due_at)
      select call_id, ${at}::timestamptz from item where charged and ${usageEvents}::boolean and ${oneOf('call_id', 'written')}
      on conflict do nothing
    ), entry as (
      select ord as position, case when status is null then ${admittedLine} else concat(${admittedLine}, E'\\n', ${endedLine('item')}) end as line
      from item where ${oneOf('call_id', 'written')}
    ), ${linkFromEntries({ at, leaseUntil })}
    select exists (select from chain) as open, case when (select count(*) from written) < ${count} then json_build_object(
      'written', (select json_agg(call_id) from written),
      'refused', (select json_agg(ord) from refused),
      'counters', (select json_agg(json_build_object('id', id, 'used', used)) from counter)) end as details`,
);

/** Options for {@link admitCalls}. */
export interface AdmitOptions extends Writer {
  readonly leaseMs: number;
  readonly usageEvents: boolean;
}

/**
 * Admits calls in one statement, and so in one transaction. Writes each call that may run, together with its claim, its share of quotas and
 * its audit entry. A call that has already run is written with its end, if it would have been admitted. Returns undefined, and writes
 * nothing, if another replica has closed the audit's chain.
 *
 * Quotas: a call fits if it and all calls before it in the batch fit together, so no quota is ever oversold. A call gets `retry` if it
 * would fit without the earlier calls in the batch that were themselves not written. Every statement locks shared rows in the same order
 * (chain, calls, counters by id, claims by id), so that no two replicas wait for each other.
 */
export async function admitCalls(
  db: Kysely<Tables>,
  items: readonly AdmitItem[],
  { replica, now, chain, leaseMs, usageEvents }: AdmitOptions,
): Promise<((item: AdmitItem) => AdmitResult) | undefined> {
  const sent = firstOfEachClaim(items);
  const charges = sent.flatMap((item, ord) =>
    item.charges.map((charge) => {
      const { counter, amount, rule } = charge;
      return { ord, call_id: item.call.callId, counter, amount, kept: keptOf(item, charge), most: rule.limit };
    }),
  );
  const [row] = await admitStatement(db, {
    items: itemsText(sent.map(toRow)),
    inputs: linesText(sent.map(({ input }) => input)),
    count: sent.length,
    charges: itemsText(charges),
    chain,
    replica,
    callLeaseUntil: timeText(now + leaseMs),
    usageEvents,
    ...linkTimes(now),
  });
  if (!row?.open) return undefined;
  if (row.details) return resultsOf(sent, row.details);
  if (sent.length === items.length) return () => allWritten;
  const written = new Set(sent);
  return (item) => (written.has(item) ? allWritten : { kind: 'taken' });
}

const allWritten: AdmitResult = { kind: 'written' };

function resultsOf(sent: readonly AdmitItem[], details: NonNullable<Row['details']>): (item: AdmitItem) => AdmitResult {
  const written = new Set(details.written);
  const refused = new Set((details.refused ?? []).map((ord) => sent[ord]));
  const used = new Map((details.counters ?? []).map((counter) => [counter.id, counter.used]));
  for (const item of sent)
    if (written.has(item.call.callId))
      for (const charge of item.charges) used.set(charge.counter, (used.get(charge.counter) ?? 0) + keptOf(item, charge));
  return (item) => {
    if (written.has(item.call.callId)) return { kind: 'written' };
    if (!refused.has(item)) return { kind: 'taken' };
    const charge = item.charges.find(({ counter, amount, rule }) => (used.get(counter) ?? 0) + amount > rule.limit);
    return charge ? { kind: 'full', charge } : { kind: 'retry' };
  };
}

/** The amount that a charge takes from its quota: the whole amount while the call runs, then only the amount that the call used. */
function keptOf({ end }: AdmitItem, { amount, rule }: QuotaCharge): number {
  if (!end) return amount;
  return end.charged ? (rule.of === 'money' ? end.price : amount) : 0;
}

/** A call whose caller received the stored answer of an earlier call. */
export interface ReplayItem extends AdmitItem {
  /** The id of the earlier call. */
  readonly of: string;
  readonly bytesOut: number;
  readonly endedAt: number;
}

/** Records replays. Returns undefined, and writes nothing, if another replica has closed the audit's chain. */
export async function recordReplays(
  db: Kysely<Tables>,
  items: readonly ReplayItem[],
  { replica, now, chain }: Writer,
): Promise<true | undefined> {
  const rows = items.map((item) => ({ ...toRow(item), of: item.of, bytes_out: item.bytesOut, ended_at: timeText(item.endedAt) }));
  const result = await sql<{ open: boolean }>`
    with chain as materialized (${chainLock(chain)}),
    item as materialized (
      select item.*, string_to_table as input, ordinality as ord from chain, rows from (
        json_to_recordset(${itemsText(rows)}::json) as (
          call_id text, claim text, tenant text, principal text, address text, connector text, connection text, tool text, effect text,
          units int, started_at text, of text, bytes_out int, ended_at text),
        string_to_table(${linesText(items.map(({ input }) => input))}::text, E'\\n')
      ) with ordinality as item
    ), written as (
      insert into calls (call_id, claim, tenant, principal, address, connector, connection, tool, effect, units, charged, started_at, status,
        wrote, bytes_out, tokens_out, ended_at, replica)
      select call_id, claim, tenant, principal, address, connector, connection, tool, effect, units, false, started_at::timestamptz,
        'replayed', 'no', bytes_out, ceil(bytes_out / 4.0), ended_at::timestamptz, ${replica}
      from item
      on conflict do nothing
      returning call_id
    ), entry as (
      select ord as position, ${replayedLine} as line from item where ${oneOf('call_id', 'written')}
    ), ${linkFromEntries(now)}
    select exists (select from chain) as open`.execute(db);
  return result.rows[0]?.open ? true : undefined;
}

function firstOfEachClaim(items: readonly AdmitItem[]): AdmitItem[] {
  const seen = new Set<string>();
  return items.filter(({ claim }) => {
    if (claim === null) return true;
    const first = !seen.has(claim);
    seen.add(claim);
    return first;
  });
}

// One object literal: spreading parts into it would make it several times as expensive.
const toRow = ({ call, claim, price, charges, end }: AdmitItem) => ({
  call_id: call.callId,
  claim: claim ?? undefined,
  input_hash: claim === null ? undefined : call.inputHash,
  tenant: call.principal.tenant,
  principal: call.principal.id,
  address: call.address,
  connector: call.connector,
  connection: call.connection,
  tool: call.tool,
  effect: call.effect,
  units: call.units,
  price: end ? end.price : price.amount,
  counters: charges.length > 0 ? charges.map(({ counter }) => counter) : undefined,
  started_at: timeText(call.startedAt),
  status: end?.status,
  wrote: end?.wrote,
  code: end?.code,
  upstream_requests: end?.upstreamRequests,
  bytes_out: end?.bytesOut,
  accepted: end?.accepted,
  ended_at: end && timeText(end.endedAt),
  charged: end?.charged,
});
