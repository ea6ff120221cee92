import { randomUUID } from 'node:crypto';
import { silentLogger, systemClock, type Audit, type AuditEvent, type Clock, type Logger } from '@busbar/core';
import { sql } from 'kysely';
import { createAuditChain } from './chain.ts';
import { chainLeaseMs, chainLock, entryLine, linkFromEntries } from './link.ts';
import { dropOldLinks, type Dropped } from './retention.ts';
import { closeLapsedChains, headsOf, renewChains } from './upkeep.ts';
import type { Database } from '../database/database.ts';
import { groupCommit } from '../database/group-commit.ts';
import { itemsParameter, timeText } from '../database/sql-parameters.ts';
import { unavailable } from '../database/errors.ts';

/** How a {@link postgresAudit} works. */
export interface PostgresAuditOptions {
  readonly clock?: Clock;
  /** Told of what fails in the background. */
  readonly log?: Logger;
  /** What the records call this process: the same as its metering's, and no other process's. Default: a random UUID. */
  readonly replica?: string;
  /** How long links are kept. Default: for good. */
  readonly retentionMs?: number;
}

/** An audit in a database, and what keeps its chains in order: any number of replicas may do any of it at once. */
export interface PostgresAudit extends Audit {
  /**
   * Writes down the heads of the chains that changed since this process last did, the 1,000 newest: whoever rewinds one of those is found.
   * Gives back how many.
   */
  witness(): Promise<number>;
  /** Closes the chains of writers that are gone: those whose lease has run out. Gives back how many. */
  closeLapsed(): Promise<number>;
  /** Drops links that are older than they are to be kept, each with a record of it, and chains that are closed and have none left. */
  prune(): Promise<Dropped>;
  /** Does all of it now, and again every 100 seconds, until `drain`. It renews the leases of this process's idle chains too. */
  start(): void;
  /** Writes what waits, witnesses once more and closes its chain: after the metering, whose chains are witnessed closed by that. */
  drain(): Promise<void>;
}

const maxFieldLength = 255;

/**
 * Records what is no call, durable when `record` resolves: events that arrive together share a link. With the database away `record` rejects
 * with UNAVAILABLE and keeps nothing: whoever called decides what becomes of the event. The host writes it to the log.
 */
export function postgresAudit(database: Pick<Database, 'db'>, options: PostgresAuditOptions = {}): PostgresAudit {
  const { clock = systemClock, log = silentLogger, replica = randomUUID(), retentionMs } = options;
  const { db } = database;
  const startedAt = clock.now();
  const chain = createAuditChain(db, { clock, replica });
  /** The links of each chain that this process has witnessed. As many as `headsOf` gives. */
  let witnessed: ReadonlyMap<string, number> = new Map();
  const over = new AbortController();
  let tending: Promise<void> | undefined;

  const appendLines = (lines: readonly string[]): Promise<string> =>
    chain.write(async (id) => {
      const rows = lines.map((line, position) => ({ position, line }));
      const result = await sql<{ id: string }>`
        with chain as materialized (${chainLock(id)}), entry as (
          select position, line from json_to_recordset(${itemsParameter(rows)}) as item (position int, line text)
        ), ${linkFromEntries(clock.now())}
        select id from chain`.execute(db);
      return result.rows[0]?.id;
    });

  const records = groupCommit<string, void>(
    async (lines) => {
      await appendLines(lines).catch((error: unknown) => {
        throw unavailable(error);
      });
      return () => {};
    },
    { maxBatch: 500, maxWaiting: 10_000, full: unavailable },
  );

  async function witness(): Promise<number> {
    const heads = await headsOf(db);
    const changed = heads.filter(({ id, links }) => witnessed.get(id) !== links);
    const at = timeText(clock.now());
    if (changed.length > 0)
      await appendLines(changed.map(({ id, links, head }) => entryLine({ event: 'chain.witnessed', at, chain: id, links, head })));
    witnessed = new Map(heads.map(({ id, links }) => [id, links]));
    return changed.length;
  }

  const closeLapsed = () => closeLapsedChains(db, chain, clock);

  async function prune(): Promise<Dropped> {
    return retentionMs === undefined
      ? { links: 0, chains: 0 }
      : await dropOldLinks(db, { before: clock.now() - retentionMs, now: () => clock.now(), record: appendLines });
  }

  async function tendUntilDrained(): Promise<void> {
    const duties = [() => renewChains(db, { replica, openedSince: startedAt, now: clock.now() }), closeLapsed, witness, prune];
    while (!over.signal.aborted) {
      for (const duty of duties)
        await duty().catch((err: unknown) => log.warn({ err }, 'the chains of the audit could not be looked after'));
      await clock.sleep(chainLeaseMs / 3, over.signal).catch(() => {});
    }
  }

  return {
    async record(event) {
      await records.add(lineOf(event, clock.now()));
    },
    witness,
    closeLapsed,
    prune,
    start: () => {
      tending ??= tendUntilDrained();
    },
    async drain() {
      over.abort();
      await tending;
      await records.drain();
      await witness();
      await chain.close();
    },
  };
}

function lineOf({ event, tenant, principal, address, subject, detail }: AuditEvent, now: number): string {
  const fields = Object.entries({ tenant, principal, address, subject, detail });
  const known = fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value.slice(0, maxFieldLength)] as const]));
  return entryLine({ event, at: timeText(now), ...Object.fromEntries(known) });
}
