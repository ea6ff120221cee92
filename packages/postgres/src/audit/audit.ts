import { randomUUID } from 'node:crypto';
import { silentLogger, systemClock, textStart, type Audit, type AuditEvent, type Clock, type Logger } from '@busbar/core';
import { sql } from 'kysely';
import { createBackgroundLoop } from '../background-loop.ts';
import { createAuditChain } from './chain.ts';
import { chainLeaseMs, chainLock, entryLine, linkFromEntries } from './link.ts';
import { dropOldLinks, type PruneResult } from './retention.ts';
import { closeLapsedChains, headsOf, renewChains } from './upkeep.ts';
import type { Database } from '../database/database.ts';
import { groupCommit } from '../database/group-commit.ts';
import { itemsParameter, timeText } from '../database/sql-parameters.ts';
import { orUnavailable, unavailable } from '../database/errors.ts';

/** Options for {@link postgresAudit}. */
export interface PostgresAuditOptions {
  readonly clock?: Clock | undefined;
  /** Logs failures of background work. */
  readonly log?: Logger | undefined;
  /**
   * The name of this process in the records. The process's metering must use the same name, and no other process may use it. Default: a
   * random UUID.
   */
  readonly replica?: string | undefined;
  /** How long links are kept. Default: permanently. */
  readonly retentionMs?: number | undefined;
}

/** An audit in a database, with the maintenance of its chains. Any number of replicas may use its methods at the same time. */
export interface PostgresAudit extends Audit {
  /**
   * Checks the 1,000 newest chains and records the heads of the chains that have changed since this process's last checkpoint. A
   * verification can then detect a chain that was rewound. Returns how many heads it recorded.
   */
  checkpoint(): Promise<number>;
  /** Closes the chains whose lease has expired because their writer is gone. Returns how many it closed. */
  closeLapsed(): Promise<number>;
  /**
   * Drops links older than `retentionMs`, and closed chains that have no links left. Records which links it will drop before it drops them.
   */
  prune(): Promise<PruneResult>;
  /** Does all of the above now and every 100 seconds until `drain`, and renews the leases of this process's idle chains. */
  start(): void;
  /**
   * Writes waiting events, records a last checkpoint and closes the chain of this audit. Drain the metering first, so that the checkpoint
   * includes the closing links of the metering's chains.
   */
  drain(): Promise<void>;
}

const maxFieldLength = 255;
const maxDetailLength = 4_000;

/**
 * Records events other than calls. An event is durable when `record` resolves. Events that arrive together share a link. If the database is
 * unreachable, `record` rejects with UNAVAILABLE and keeps nothing. The host then writes the event to its log.
 */
export function postgresAudit(database: Pick<Database, 'db'>, options: PostgresAuditOptions = {}): PostgresAudit {
  const { clock = systemClock, log = silentLogger, replica = randomUUID(), retentionMs } = options;
  const { db } = database;
  const startedAt = clock.now();
  const chain = createAuditChain(db, { clock, replica });
  /** The number of links of each chain at this process's last checkpoint. At most as many chains as `headsOf` returns. */
  let recorded: ReadonlyMap<string, number> = new Map();

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
      await orUnavailable(appendLines(lines));
      return () => {};
    },
    { maxBatch: 500, maxWaiting: 10_000, full: unavailable },
  );

  async function checkpoint(): Promise<number> {
    const heads = await headsOf(db);
    const changed = heads.filter(({ id, links }) => recorded.get(id) !== links);
    const at = timeText(clock.now());
    if (changed.length > 0)
      await appendLines(changed.map(({ id, links, head }) => entryLine({ event: 'chain.witnessed', at, chain: id, links, head })));
    recorded = new Map(heads.map(({ id, links }) => [id, links]));
    return changed.length;
  }

  const closeLapsed = () => closeLapsedChains(db, chain, clock);

  async function prune(): Promise<PruneResult> {
    return retentionMs === undefined
      ? { links: 0, chains: 0 }
      : await dropOldLinks(db, { before: clock.now() - retentionMs, now: () => clock.now(), record: appendLines });
  }

  const steps = [() => renewChains(db, { replica, openedSince: startedAt, now: clock.now() }), closeLapsed, checkpoint, prune];
  const maintenance = createBackgroundLoop(clock, async () => {
    for (const step of steps) await step().catch((err: unknown) => log.warn({ err }, 'the maintenance of the audit chains failed'));
    return chainLeaseMs / 3;
  });

  return {
    async record(event) {
      await records.add(lineOf(event, clock.now()));
    },
    checkpoint,
    closeLapsed,
    prune,
    start: maintenance.start,
    async drain() {
      await maintenance.stop();
      await records.drain();
      await checkpoint();
      await chain.close();
    },
  };
}

function lineOf({ event, tenant, principal, address, subject, detail }: AuditEvent, now: number): string {
  const fields = Object.entries({ tenant, principal, address, subject, detail });
  const lengthOf = (name: string) => (name === 'detail' ? maxDetailLength : maxFieldLength);
  const known = fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, textStart(value, lengthOf(name))] as const]));
  return entryLine({ event, at: timeText(now), ...Object.fromEntries(known) });
}
