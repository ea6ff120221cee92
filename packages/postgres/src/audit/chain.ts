import { randomUUID } from 'node:crypto';
import type { Clock } from '@busbar/core';
import { sql, type Kysely } from 'kysely';
import { chainLeaseMs, chainLine, chainLock, entryLine, linkFromEntries, linkHash } from './link.ts';
import { timeText } from '../database/sql-parameters.ts';
import type { Tables } from '../database/tables.ts';

/** The writer of a chain. */
export interface AuditChainOptions {
  readonly clock: Clock;
  /** The name of this process in the records: the same for all its writers. */
  readonly replica: string;
}

/** The chain of one writer. The first link opens it. If another replica closes it, the next link opens a new chain. */
export interface AuditChain {
  /**
   * Writes a link. `write` gets the chain's id and runs one statement with the fragments of `link.ts`. If it finds the chain closed, it
   * must change nothing and return undefined, and is then called again with a new chain. Rejects if `write` rejects.
   */
  write<T>(write: (chain: string) => Promise<T | undefined>): Promise<T>;
  /** Closes the chain with a last link. A later `write` opens another chain. Rejects if the database is unreachable. */
  close(): Promise<void>;
}

// No replica closes a chain that was just opened, unless the clocks of two replicas are far apart.
const maxTries = 3;

/** Creates the chain of one writer. It writes nothing until the first link. */
export function createAuditChain(db: Kysely<Tables>, { clock, replica }: AuditChainOptions): AuditChain {
  let open: Promise<string> | undefined;

  async function insertChain(): Promise<string> {
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

  /** Concurrent writes open one chain. If opening fails, the next link tries again. */
  function opened(): Promise<string> {
    if (open) return open;
    const opening = insertChain();
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
      throw new Error('The audit was not written: other replicas closed its chain each time. Do the clocks of the replicas agree?');
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
