import type { Clock } from '@busbar/core';
import type { CheckReport } from './connection-checks.ts';

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
  readonly connectors: readonly CheckReport[];
}

export interface HealthOptions {
  readonly version: string;
  readonly clock: Clock;
  ping(): Promise<void>;
  redis(): Details['redis'];
  connectors(): readonly CheckReport[];
}

// However many probes ask, the database is asked once in so long, and is away when it takes longer than the other.
const askEveryMs = 1_000;
const answerWithinMs = 2_000;

/** Watches what the server needs. */
export function createHealth({ version, clock, ping, redis, connectors }: HealthOptions): Health {
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
    details: async () => ({
      ...(await readiness()),
      version,
      uptimeSeconds: Math.floor((clock.now() - startedAt) / 1_000),
      redis: redis(),
      connectors: connectors(),
    }),
    drain: () => (draining = true),
  };
}
