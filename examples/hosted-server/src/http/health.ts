import type { Clock } from '@busbar/core';
import type { Database } from '@busbar/postgres';
import type { CheckReport } from '../vendors/connection-checks.ts';

/** Reports on the server for probes and operators. */
export interface Health {
  /** Whether the server accepts calls: it is not draining, and its database answers. */
  readiness(): Promise<Readiness>;
  /** More about the server and, for an operator, the counts that concern all tenants. */
  details(reader: { readonly isOperator: boolean }): Promise<HealthDetails>;
  /** Permanently marks the server as not ready. */
  drain(): void;
}

export interface Readiness {
  readonly status: 'ready' | 'draining' | 'unavailable';
  readonly database: 'ok' | 'away';
}

export interface HealthDetails extends Readiness {
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Whether replicas share limits through Redis now. Does not affect readiness: without Redis, each process counts for itself. */
  readonly redis: 'none' | 'ok' | 'away';
  readonly ledger: LedgerHealth;
  /** For operators: how many connections of all tenants were checked, and how many are healthy. */
  readonly connectors?: readonly CheckReport[] | undefined;
}

/** How calls are recorded. */
export interface LedgerHealth {
  readonly database: Database['kind'];
  /** With `queued`, a call is answered before its outcome is in the database. */
  readonly settles: 'durable' | 'queued';
  /**
   * For operators: usage events waiting for delivery, counted in the last 10 seconds. The count stops at 10,000, and `more` is then true.
   * Absent if none are sent, or if the database is down.
   */
  readonly outbox?: { readonly waiting: number; readonly more: boolean } | undefined;
}

export interface HealthOptions {
  readonly version: string;
  readonly clock: Clock;
  ping(): Promise<void>;
  redis(): HealthDetails['redis'];
  readonly ledger: Omit<LedgerHealth, 'outbox'>;
  /** Counts the events in the outbox. Called at most every 10 seconds, while the database answers. If it rejects, there is no count. */
  outbox(): Promise<LedgerHealth['outbox']>;
  connectors(): readonly CheckReport[];
}

// Probes share one database check per interval. A check slower than the timeout counts as down.
const pingEveryMs = 1_000;
const pingTimeoutMs = 2_000;
const countEveryMs = 10_000;

/** Creates the health report. */
export function createHealth({ version, clock, ping, redis, ledger, outbox, connectors }: HealthOptions): Health {
  const startedAt = clock.elapsed();
  let draining = false;
  let lastCount: { readonly at: number; readonly outbox: Promise<LedgerHealth['outbox']> } | undefined;
  let lastPing: { readonly at: number; readonly database: Promise<Readiness['database']> } | undefined;

  function pingDatabase(): Promise<Readiness['database']> {
    const { promise, resolve } = Promise.withResolvers<Readiness['database']>();
    const cancel = clock.timer(pingTimeoutMs, () => resolve('away'));
    ping().then(
      () => resolve('ok'),
      () => resolve('away'),
    );
    return promise.finally(cancel);
  }

  async function readiness(): Promise<Readiness> {
    if (!lastPing || clock.elapsed() - lastPing.at >= pingEveryMs) lastPing = { at: clock.elapsed(), database: pingDatabase() };
    const database = await lastPing.database;
    return { status: draining ? 'draining' : database === 'ok' ? 'ready' : 'unavailable', database };
  }

  function countOutbox(): Promise<LedgerHealth['outbox']> {
    if (!lastCount || clock.elapsed() - lastCount.at >= countEveryMs)
      lastCount = { at: clock.elapsed(), outbox: outbox().catch(() => undefined) };
    return lastCount.outbox;
  }

  return {
    readiness,
    details: async ({ isOperator }) => {
      const ready = await readiness();
      return {
        ...ready,
        version,
        uptimeSeconds: Math.floor((clock.elapsed() - startedAt) / 1_000),
        redis: redis(),
        ledger: { ...ledger, outbox: isOperator && ready.database === 'ok' ? await countOutbox() : undefined },
        connectors: isOperator ? connectors() : undefined,
      };
    },
    drain: () => (draining = true),
  };
}
