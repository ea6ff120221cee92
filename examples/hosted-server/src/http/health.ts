import type { Clock } from '@busbar/core';
import type { Database } from '@busbar/postgres';
import type { CheckReport } from '../vendors/connection-checks.ts';

/** How the server is. */
export interface Health {
  /** Whether it takes calls: it has started, does not drain, and its database answers. */
  readiness(): Promise<Readiness>;
  /** For an operator. Counts only: nothing here belongs to a tenant. */
  details(): Promise<Details>;
  /** Makes the server not ready, for good. */
  drain(): void;
}

export interface Readiness {
  readonly status: 'ready' | 'draining' | 'unavailable';
  readonly database: 'ok' | 'away';
}

export interface Details extends Readiness {
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Whether what replicas share goes through Redis now. Never a reason not to be ready: each process then counts for itself. */
  readonly redis: 'none' | 'ok' | 'away';
  readonly ledger: LedgerHealth;
  readonly connectors: readonly CheckReport[];
}

/** How calls are recorded. */
export interface LedgerHealth {
  readonly database: Database['kind'];
  /** `queued`: a call is answered before its end is in the database. */
  readonly settles: 'durable' | 'queued';
  /** Usage events that wait to be delivered, 10,000 at most: then `more`. Absent where none are sent, and with the database away. */
  readonly outbox?: { readonly waiting: number; readonly more: boolean } | undefined;
}

export interface HealthOptions {
  readonly version: string;
  readonly clock: Clock;
  ping(): Promise<void>;
  redis(): Details['redis'];
  readonly ledger: Omit<LedgerHealth, 'outbox'>;
  /** Reads the outbox. Asked only while the database answers; what it throws counts as nothing to say. */
  outbox(): Promise<LedgerHealth['outbox']>;
  connectors(): readonly CheckReport[];
}

// However many probes ask, the database is asked once in so long, and is away when it takes longer than the other.
const askEveryMs = 1_000;
const answerWithinMs = 2_000;

/** Watches what the server needs. */
export function createHealth({ version, clock, ping, redis, ledger, outbox, connectors }: HealthOptions): Health {
  const startedAt = clock.now();
  let draining = false;
  let asked: { readonly at: number; readonly answer: Promise<Readiness['database']> } | undefined;

  async function askDatabase(): Promise<Readiness['database']> {
    const answered = new AbortController();
    const late = clock.sleep(answerWithinMs, answered.signal).then(
      () => 'away' as const,
      () => 'ok' as const,
    );
    const answer = ping().then(
      () => 'ok' as const,
      () => 'away' as const,
    );
    return Promise.race([answer, late]).finally(() => answered.abort());
  }

  async function readiness(): Promise<Readiness> {
    if (!asked || clock.now() - asked.at >= askEveryMs) asked = { at: clock.now(), answer: askDatabase() };
    const database = await asked.answer;
    return { status: draining ? 'draining' : database === 'ok' ? 'ready' : 'unavailable', database };
  }

  return {
    readiness,
    details: async () => {
      const ready = await readiness();
      return {
        ...ready,
        version,
        uptimeSeconds: Math.floor((clock.now() - startedAt) / 1_000),
        redis: redis(),
        ledger: { ...ledger, outbox: ready.database === 'ok' ? await outbox().catch(() => undefined) : undefined },
        connectors: connectors(),
      };
    },
    drain: () => (draining = true),
  };
}
