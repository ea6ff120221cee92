import { randomUUID } from 'node:crypto';
import type { Clock } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { chainLeaseMs, chainLine, chainLock, entryLine, linkFromEntries, linkHash } from './link.ts';
import { timeText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** Who writes a chain. */
export interface AuditChainOptions {
  readonly clock: Clock;
  /** What the records call this process: the same for all its writers. */
  readonly replica: string;
}

/** What one writer of the audit writes to: a chain that is opened with the first link, and another one once somebody closed it. */
export interface AuditChain {
  /**
   * Writes a link. `write` is one statement with the fragments of `link.ts`; it gets the chain's id, and gives undefined where it found
   * the chain closed and so did nothing: it is then called again with a new chain. Rejects as `write` does.
   */
  write<T>(write: (chain: string) => Promise<T | undefined>): Promise<T>;
  /** Ends the chain with a link that says so. A later `write` opens another. Rejects where the database is away. */
  close(): Promise<void>;
}

// A chain that was opened just now is closed by nobody, unless the clocks of two replicas are far apart.
const maxTries = 3;

/** The chain of one writer. */
export function createAuditChain(db: Kysely<Tables>, { clock, replica }: AuditChainOptions): AuditChain {
  let open: Promise<string> | undefined;

  async function openOne(): Promise<string> {
    const id = randomUUID();
    const now = clock.now();
    const at = timeText(now);
    const first = { chain: id, link: 1, at, entries: entryLine({ event: 'chain.opened', at, chain: id, replica }) };
    const head = linkHash(id, first);
    const row = { id, replica, opened_at: new Date(now), lease_until: new Date(now + chainLeaseMs), links: 1, head };
    await db
      .with('chain', (query) => query.insertInto('audit_chains').values(row))
      .insertInto('audit_links')
      .values({ ...first, at: new Date(now), hash: head })
      .execute();
    return id;
  }

  /** Two that write at once open one chain. One that could not be opened is tried anew with the next link. */
  function opened(): Promise<string> {
    if (open) return open;
    const opening = openOne();
    open = opening;
    opening.catch(() => forget(opening));
    return opening;
  }

  function forget(chain: Promise<string>): void {
    if (open === chain) open = undefined;
  }

  return {
    async write(write) {
      for (let tries = 0; tries < maxTries; tries += 1) {
        const chain = opened();
        const written = await write(await chain);
        if (written !== undefined) return written;
        forget(chain);
      }
      throw new Error('The audit was not written: its chain was closed by others each time. Do the clocks of the replicas agree?');
    },
    async close() {
      const opening = open;
      open = undefined;
      const chain = await opening?.catch(() => undefined);
      if (chain === undefined) return;
      const now = clock.now();
      await sql`
        with chain as materialized (${chainLock(chain)}), entry as (
          select 1 as position, ${chainLine('chain.closed', 'chain', now)} as line from chain
        ), ${linkFromEntries(now, { closes: true })}
        select id from new_head`.execute(db);
    },
  };
}
