import type { Clock } from '@busbar/core';
import type { Database } from '@busbar/postgres';
import type { CheckReport } from '../vendors/connection-checks.ts';
import { remembered } from './remembered.ts';

/** Reports on the server for probes and operators. */
export interface Health {
  /** Whether the server accepts calls: it is not draining, and its database answers and stores what is written. */
  readiness(): Promise<Readiness>;
  /** More about the server and, for an operator, the counts that concern all tenants. */
  details(reader: { readonly isOperator: boolean }): Promise<HealthDetails>;
  /** Permanently marks the server as not ready. */
  drain(): void;
}

export interface Readiness {
  readonly status: 'ready' | 'draining' | 'unavailable';
  /** `read-only`: the database answers, but it stored nothing of late, such as on a full disk. */
  readonly database: 'ok' | 'away' | 'read-only';
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
  /** Whether the database, which answers, stores what is written. */
  canWrite(): boolean;
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
export function createHealth({ version, clock, ping, canWrite, redis, ledger, outbox, connectors }: HealthOptions): Health {
  const startedAt = clock.elapsed();
  let draining = false;

  function pingDatabase(): Promise<Readiness['database']> {
    const { promise, resolve } = Promise.withResolvers<Readiness['database']>();
    const cancel = clock.timer(pingTimeoutMs, () => resolve('away'));
    ping().then(
      () => resolve(canWrite() ? 'ok' : 'read-only'),
      () => resolve('away'),
    );
    return promise.finally(cancel);
  }

  const checkDatabase = remembered(clock, pingEveryMs, pingDatabase);
  const countOutbox = remembered(clock, countEveryMs, () => outbox().catch(() => undefined));

  async function readiness(): Promise<Readiness> {
    const database = await checkDatabase();
    return { status: draining ? 'draining' : database === 'ok' ? 'ready' : 'unavailable', database };
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
