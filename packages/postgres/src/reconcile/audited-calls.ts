import { sql, type Kysely } from 'kysely';
import type { AuditEntry } from '../audit/lines.ts';
import { itemsParameter } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** The audit's entries about calls, one row per call in the temporary table `audited` of one transaction. */
export interface AuditedCalls {
  /** Adds an entry. Entries that are not about a call are ignored. */
  add(entry: AuditEntry): Promise<void>;
  /**
   * Writes the last rows. Returns the time (ISO) from which the audit must contain every call, or undefined if it need not contain any.
   */
  finish(): Promise<string | undefined>;
}

interface Audited {
  call_id: string;
  begins: number;
  begun: string | null;
  tenant: string | null;
  principal: string | null;
  connector: string | null;
  connection: string | null;
  tool: string | null;
  effect: string | null;
  ends: number;
  /** The end with the greatest rank counts: a replica's end before a sweep's, then the latest. */
  rank: string | null;
  status: string | null;
  charged: boolean | null;
  price: number | null;
}

const pageSize = 1_000;

/** Creates the temporary table, which is dropped when the transaction ends. */
export async function createAuditedCalls(db: Kysely<Tables>): Promise<AuditedCalls> {
  await sql`
    create temporary table audited (
      call_id text primary key, begins int not null, begun text, tenant text, principal text, connector text, connection text, tool text,
      effect text, ends int not null, rank text, status text, charged boolean, price bigint
    ) on commit drop`.execute(db);
  let page = new Map<string, Audited>();
  let first: string | undefined;
  let prunedBefore = '';

  async function flush(): Promise<void> {
    const rows = Array.from(page.values(), (row) => ({ ...row }));
    page = new Map();
    await sql`
      insert into audited as known
      select * from json_to_recordset(${itemsParameter(rows)}) as item (
        call_id text, begins int, begun text, tenant text, principal text, connector text, connection text, tool text, effect text, ends int,
        rank text, status text, charged boolean, price bigint)
      on conflict (call_id) do update set
        begins = known.begins + excluded.begins,
        (begun, tenant, principal, connector, connection, tool, effect) = (
          select coalesce(excluded.begun, known.begun), coalesce(excluded.tenant, known.tenant), coalesce(excluded.principal, known.principal),
            coalesce(excluded.connector, known.connector), coalesce(excluded.connection, known.connection), coalesce(excluded.tool, known.tool),
            coalesce(excluded.effect, known.effect)),
        ends = known.ends + excluded.ends,
        (rank, status, charged, price) = (
          select rank, status, charged, price from (values
            (known.rank, known.status, known.charged, known.price), (excluded.rank, excluded.status, excluded.charged, excluded.price)
          ) as ending (rank, status, charged, price)
          order by rank desc nulls last limit 1)`.execute(db);
  }

  return {
    async add(entry) {
      const { event, at, callId } = entry;
      if (event === 'audit.pruned' && typeof entry['before'] === 'string' && entry['before'] > prunedBefore) prunedBefore = entry['before'];
      if (typeof callId !== 'string' || typeof event !== 'string' || !event.startsWith('call.')) return;
      const row = page.get(callId) ?? emptyRow(callId);
      page.set(callId, row);
      if (event === 'call.admitted' || event === 'call.replayed') {
        row.begins += 1;
        row.begun = event;
        for (const name of ['tenant', 'principal', 'connector', 'connection', 'tool', 'effect'] as const) row[name] = text(entry[name]);
        if (first === undefined || String(at) < first) first = String(at);
      }
      if (event === 'call.ended' || event === 'call.swept') {
        row.ends += 1;
        const rank = `${event === 'call.swept' ? 0 : 1} ${String(at)}`;
        if (row.rank === null || rank >= row.rank) {
          row.rank = rank;
          row.status = text(entry['status']);
          row.charged = typeof entry['charged'] === 'boolean' ? entry['charged'] : null;
          row.price = typeof entry['price'] === 'number' ? entry['price'] : null;
        }
      }
      if (page.size >= pageSize) await flush();
    },
    async finish() {
      await flush();
      await sql`analyze audited`.execute(db);
      return first !== undefined && first < prunedBefore ? prunedBefore : first;
    },
  };
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const emptyRow = (callId: string): Audited => ({
  call_id: callId,
  begins: 0,
  begun: null,
  tenant: null,
  principal: null,
  connector: null,
  connection: null,
  tool: null,
  effect: null,
  ends: 0,
  rank: null,
  status: null,
  charged: null,
  price: null,
});
