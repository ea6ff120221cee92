import { hash } from 'node:crypto';
import type { Database } from '@busbar/postgres';
import type { Sent } from './load.ts';
import type { Vendor, VendorWrite } from './vendor.ts';

type Ledger = Awaited<ReturnType<typeof readLedger>>;
type Row = Ledger['calls'][number];

/** All recorded calls and claims. */
export async function readLedger({ db }: Database) {
  const columns = ['call_id', 'claim', 'tenant', 'connection', 'principal', 'tool', 'status', 'wrote', 'code', 'started_at'] as const;
  return {
    calls: await db.selectFrom('calls').select(columns).orderBy('started_at').execute(),
    claims: await db.selectFrom('claims').select(['id', 'expires_at']).execute(),
  };
}

/**
 * Finds every disagreement between the ledger, the clients' answers and the vendor's writes, as sentences. There should be none. Call it
 * when no call runs.
 */
export function findProblems(ledger: Ledger, sent: readonly Sent[], vendor: Vendor): string[] {
  const writes = vendor.writes();
  return [...unended(ledger), ...unlikeClients(ledger.calls, sent, writes), ...unlikeVendor(ledger.calls, sent, writes)];
}

/** The outcomes of all requests, as counts. */
export function countUp(ledger: Ledger, sent: readonly Sent[], vendor: Vendor): Record<string, unknown> {
  const by = <T>(all: readonly T[], nameOf: (item: T) => string) =>
    Object.fromEntries(Array.from(Map.groupBy(all, nameOf), ([name, some]) => [name, some.length]));
  return {
    clients: by(sent, ({ end }) => (end.kind === 'error' ? end.code : end.kind)),
    ledger: by(ledger.calls, ({ status }) => status),
    vendor: { writes: [...vendor.writes().values()].filter(({ made }) => made.length > 0).length },
  };
}

function* unended({ calls, claims }: Ledger): Iterable<string> {
  for (const { call_id, status } of calls) if (status === 'running') yield `call ${call_id} still runs`;
  for (const { id, expires_at } of claims) if (expires_at === null) yield `claim ${id} is still held`;
}

/** A client makes one call at a time, so its records from the time of a request belong to that request. */
function* unlikeClients(calls: readonly Row[], sent: readonly Sent[], writes: ReadonlyMap<string, VendorWrite>): Iterable<string> {
  const sentBy = Map.groupBy(sent, ({ principal }) => principal);
  for (const [principal, rows] of Map.groupBy(calls, (call) => call.principal)) {
    const left = new Set(rows);
    for (const request of sentBy.get(principal) ?? []) {
      const own = [...left].filter(({ started_at }) => +started_at >= request.sentAt && +started_at <= request.endedAt);
      for (const row of own) left.delete(row);
      yield* unlikeRequest(own, request, writes);
    }
    for (const row of left) yield `${describe(row)} was recorded, and no client sent it`;
  }
}

function* unlikeRequest(rows: readonly Row[], request: Sent, writes: ReadonlyMap<string, VendorWrite>): Iterable<string> {
  const { end, mark, tool } = request;
  const [row] = rows;
  const description = `${tool} ${mark ?? ''} of ${request.principal} at ${request.sentAt}, ${end.kind === 'error' ? end.code : end.kind}`;
  if (rows.length > 1) yield `${description}: recorded ${rows.length} times: ${rows.map(describe).join('; ')}`;
  if (row && row.tool !== tool) yield `${description}: recorded as ${describe(row)}`;
  if (row?.claim && row.claim !== claimOf(row, mark)) yield `${description}: recorded under another key, as ${describe(row)}`;
  if (end.kind === 'broken') return;
  if (end.kind === 'error') {
    const allowed = recordsByError[end.code];
    if (!allowed) yield `${description}: an error that nothing here should lead to`;
    else if (row && row.call_id !== end.callId) yield `${description}: of call ${end.callId}, and recorded as ${describe(row)}`;
    else if (row && !allowed.includes(`${row.status} ${row.wrote}`)) yield `${description}: recorded as ${describe(row)}`;
    return;
  }
  if (!row) yield `${description}: not recorded`;
  else if (row.status !== 'executed' && (mark === undefined || row.status !== 'replayed'))
    yield `${description}: recorded as ${describe(row)}`;
  if (mark !== undefined && writes.get(mark)?.made[0] !== end.id)
    yield `${description}: told of ${end.id}, and the vendor made ${writes.get(mark)?.made.join(', ')}`;
}

/** The records that a call with an error may have, if it has one. */
const recordsByError: Readonly<Record<string, readonly string[]>> = {
  // The record or its outcome was not written: an admitted call ends as failed, or by a sweep if its replica died. A read may be recorded
  // with its outcome, and only the confirmation lost.
  UNAVAILABLE: ['failed no', 'unknown unknown', 'executed no'],
  // The same, but the write was made. Or an earlier call with the key ended like this, and this call was refused.
  OUTCOME_UNKNOWN: ['unknown unknown', 'executed yes'],
  // A refused call has no record.
  QUOTA_EXCEEDED: [],
  // The API key could not be looked up, so there was no call yet.
  'HTTP 503': [],
};

function* unlikeVendor(calls: readonly Row[], sent: readonly Sent[], writes: ReadonlyMap<string, VendorWrite>): Iterable<string> {
  const [first] = calls;
  const marks = new Map(sent.flatMap(({ mark, tool }) => (mark !== undefined && first ? [[claimOf({ ...first, tool }, mark), mark]] : [])));
  const known = new Set(marks.values());
  for (const mark of writes.keys()) if (!known.has(mark)) yield `the vendor wrote ${mark}, and no client asked for it`;
  const byClaim = Map.groupBy(calls, ({ claim }) => claim);
  for (const row of byClaim.keys()) if (row !== null && !marks.has(row)) yield `the claim ${row} is of no key that a client used`;
  for (const [claim, mark] of marks) {
    const { arrived, made } = writes.get(mark) ?? { arrived: 0, made: [] };
    const rows = (byClaim.get(claim) ?? []).filter(({ status }) => status !== 'replayed');
    const executed = rows.filter(({ wrote }) => wrote !== 'no');
    const story = `${mark}: ${rows.map(describe).join('; ')}`;
    if (arrived > 1) yield `sent to the vendor ${arrived} times: ${story}`;
    if (made.length > 1) yield `written by the vendor ${made.length} times: ${story}`;
    if (executed.length > 1) yield `run ${executed.length} times: ${story}`;
    if (made.length > 0 && executed.length === 0) yield `written by the vendor and not recorded: ${story}`;
    if (made.length === 0 && executed.some(({ status }) => status === 'executed')) yield `recorded and not written by the vendor: ${story}`;
    for (const row of rows) if (!ended.has(`${row.status} ${row.wrote}`)) yield `an end that nothing here should lead to: ${story}`;
  }
}

const ended = new Set(['executed yes', 'unknown unknown', 'failed no']);

/** The name of an idempotency key's claim in the ledger. */
const claimOf = ({ tenant, connection, tool }: Pick<Row, 'tenant' | 'connection' | 'tool'>, key: string | undefined) =>
  hash('sha256', JSON.stringify([tenant, connection, tool, key]));

const describe = ({ call_id, tool, status, wrote, code, started_at }: Row) =>
  `${call_id} ${tool} ${status}, wrote ${wrote}, ${code} at ${+started_at}`;
