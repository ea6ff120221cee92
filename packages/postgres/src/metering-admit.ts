import { hash } from 'node:crypto';
import type { Call } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { itemsParameter, timeParameter, timeText } from './metering-items.ts';
import type { Tables } from './tables.ts';

/** A call that asks to run. */
export interface AdmitItem {
  readonly call: Call;
  /** The id of the claim that its idempotency key makes. Null: the call claims nothing. */
  readonly claim: string | null;
}

/** Who runs the calls, since when and until when it vouches for them. */
export interface Lease {
  readonly replica: string;
  readonly now: number;
  readonly until: number;
}

/** The claim that a call's idempotency key makes, or null. A hash, so that any key fits and none can be read back. */
export function claimOf({ key, effect, principal, connection, tool }: Call): string | null {
  return key === undefined || effect === 'read' ? null : hash('sha256', JSON.stringify([principal.tenant, connection, tool, key]));
}

/**
 * Writes the calls that may run, each with its claim, in one statement and so in one transaction. Gives back the ids of those written:
 * the others found their claim taken, here or by an item before them, or their id used.
 *
 * Claims are locked in the order of their ids, here and wherever else several are written, so that no two replicas wait for each other.
 */
export async function admitCalls(
  db: Kysely<Tables>,
  items: readonly AdmitItem[],
  { replica, now, until }: Lease,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ call_id: string }>`
    with item as (
      select * from json_to_recordset(${itemsParameter(firstOfEachClaim(items).map(toRow))}) as item (
        call_id text, claim text, input_hash text, tenant text, principal text, connector text, connection text, tool text, effect text,
        started_at timestamptz)
      where not exists (select from calls where calls.call_id = item.call_id)
    ), claimed as (
      insert into claims as claim (id, input_hash, call_id)
      select claim, input_hash, call_id from item where claim is not null order by claim
      on conflict (id) do update set input_hash = excluded.input_hash, call_id = excluded.call_id, answer = null, expires_at = null
      where claim.expires_at <= ${timeParameter(now)}
      returning call_id
    )
    insert into calls (call_id, claim, tenant, principal, connector, connection, tool, effect, started_at, status, replica, lease_until)
    select call_id, claim, tenant, principal, connector, connection, tool, effect, started_at, 'running', ${replica},
      ${timeParameter(until)}
    from item where claim is null or call_id in (select call_id from claimed)
    on conflict do nothing
    returning call_id`.execute(db);
  return new Set(rows.map(({ call_id }) => call_id));
}

/** A call that was answered from a claim. */
export interface ReplayItem extends AdmitItem {
  readonly bytesOut: number;
  readonly endedAt: number;
}

/** Records replays. */
export async function recordReplays(db: Kysely<Tables>, items: readonly ReplayItem[], replica: string): Promise<void> {
  const rows = items.map((item) => ({ ...toRow(item), bytes_out: item.bytesOut, ended_at: timeText(item.endedAt) }));
  await sql`
    insert into calls (call_id, claim, tenant, principal, connector, connection, tool, effect, started_at, status, wrote, bytes_out,
      ended_at, replica)
    select call_id, claim, tenant, principal, connector, connection, tool, effect, started_at, 'replayed', 'no', bytes_out, ended_at,
      ${replica}
    from json_to_recordset(${itemsParameter(rows)}) as item (
      call_id text, claim text, tenant text, principal text, connector text, connection text, tool text, effect text,
      started_at timestamptz, bytes_out int, ended_at timestamptz)
    on conflict do nothing`.execute(db);
}

/** What a claim says to whoever comes after it. */
export interface ClaimState {
  readonly inputHash: string;
  readonly callId: string;
  /** The call that holds it has ended. */
  readonly ended: boolean;
  /** JSON. Null while the call runs, and where nobody can tell how it ended. */
  readonly answer: string | null;
}

/** The claims of these ids, as they are now. One that has expired is as good as gone. */
export async function readClaims(db: Kysely<Tables>, ids: readonly string[], now: number): Promise<ReadonlyMap<string, ClaimState>> {
  const rows = await db
    .selectFrom('claims')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .where(({ or, eb }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', new Date(now))]))
    .execute();
  return new Map(
    rows.map(({ id, input_hash, call_id, answer, expires_at }) => [
      id,
      { inputHash: input_hash, callId: call_id, ended: expires_at !== null, answer },
    ]),
  );
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

const toRow = ({ call, claim }: AdmitItem) => ({
  call_id: call.callId,
  claim,
  input_hash: call.inputHash,
  tenant: call.principal.tenant,
  principal: call.principal.id,
  connector: call.connector,
  connection: call.connection,
  tool: call.tool,
  effect: call.effect,
  started_at: timeText(call.startedAt),
});
