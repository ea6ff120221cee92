import { ToolError, type Call, type Clock, type Outcome } from '@busbar/core';
import type { Database } from './database.ts';
import { groupCommit } from './group-commit.ts';
import type { Tables } from './tables.ts';

/** What each call used: one row a call, whatever it is told. */
export interface Usage {
  /**
   * Writes the row of a call; resolves when it is durable. A second row of the same call id changes nothing.
   *
   * @throws {ToolError} UNAVAILABLE where the database cannot take it, or 10,000 rows wait already.
   */
  record(call: Call, outcome: Outcome | 'replayed'): Promise<void>;
  /** Resolves when every row so far is written or refused. Before closing the database. */
  drain(): Promise<void>;
}

/** Keeps usage. Rows that arrive together are written together, at most 500 in one statement. */
export function createUsage({ db }: Database, clock: Clock): Usage {
  const unavailable = (cause?: unknown) =>
    new ToolError('UNAVAILABLE', 'This server cannot record usage at the moment. Try again in a few seconds.', {
      cause,
      retryAfterMs: 5_000,
    });
  const rows = groupCommit<Tables['usage'], void>(
    async (batch) => {
      try {
        await db
          .insertInto('usage')
          .values([...batch])
          .onConflict((conflict) => conflict.column('call_id').doNothing())
          .execute();
      } catch (error) {
        throw unavailable(error);
      }
      return () => {};
    },
    { maxBatch: 500, maxWaiting: 10_000, full: unavailable },
  );
  return {
    record: (call, outcome) => rows.add(toRow(call, outcome, clock.now())),
    drain: () => rows.drain(),
  };
}

function toRow(call: Call, outcome: Outcome | 'replayed', now: number): Tables['usage'] {
  const { status, wrote, upstreamRequests, endedAt } =
    outcome === 'replayed' ? { status: outcome, wrote: 'no', upstreamRequests: 0, endedAt: now } : outcome;
  return {
    call_id: call.callId,
    tenant: call.principal.tenant,
    principal: call.principal.id,
    connector: call.connector,
    connection: call.connection,
    tool: call.tool,
    effect: call.effect,
    status,
    wrote,
    upstream_requests: upstreamRequests,
    duration_ms: Math.max(0, Math.round(endedAt - call.startedAt)),
    started_at: new Date(call.startedAt),
  };
}
