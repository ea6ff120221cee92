import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallEvent, Observer, RefusalEvent, UpstreamEvent } from '../ports/observer.ts';
import type { BreakerState } from '../ports/resilience.ts';

/** An {@link Observer} that keeps Prometheus metrics. It adds a gauge that the host cannot set. */
export interface PromObserver extends Observer {
  /** Sets `mcp_connector_healthy` to the share of a connector's checked connections that passed, from 0 to 1. */
  healthy(connector: string, share: number): void;
}

// The most connections whose breaker is remembered as not closed. A further connection replaces the oldest.
const maxBreakers = 10_000;

/**
 * Keeps a host's metrics in a registry. The labels are connector, tool, status, code, reason and breaker state. All their values come from
 * fixed lists. No label names a tenant, key, connection or call. Throws if the registry already has metrics with these names.
 *
 * @param connectors The ids of the connectors whose counters and gauges start at 0, so that the first event is visible as an increase.
 */
export function promObserver(registry: Registry, connectors: readonly string[] = []): PromObserver {
  const metrics = createMetrics(registry);
  const { requests, durations, failed, idempotencyHits, idempotencyMisses, rateLimited, refused, attempts, errors, waited } = metrics;
  const breakers = new BreakerMetrics(metrics);
  for (const connector of connectors) {
    for (const counter of [attempts, idempotencyHits, idempotencyMisses]) counter.inc({ connector }, 0);
    breakers.startAtZero(connector);
  }
  return {
    call({ connector, tool, status, code, durationMs, keyed }: CallEvent) {
      requests.inc({ connector, tool, status });
      durations.observe({ connector, tool }, durationMs / 1_000);
      if (code !== undefined) failed.inc({ connector, tool, code });
      if (keyed && status !== 'refused') (status === 'replayed' ? idempotencyHits : idempotencyMisses).inc({ connector });
    },
    upstream(event: UpstreamEvent) {
      if (event.kind === 'breaker') return breakers.change(event);
      if (event.kind === 'wait') return waited.inc({ connector: event.connector, reason: event.reason }, event.durationMs / 1_000);
      attempts.inc({ connector: event.connector });
      if (event.code !== undefined) errors.inc({ connector: event.connector, code: event.code });
    },
    refused({ reason }: RefusalEvent) {
      refused.inc({ reason });
      if (reason === 'rate-limit') rateLimited.inc();
    },
    healthy: (connector, share) => metrics.health.set({ connector }, share),
  };
}

function createMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  return {
    requests: counter('mcp_requests_total', 'Tool calls that ended, by outcome.', 'connector', 'tool', 'status'),
    durations: new Histogram({
      name: 'mcp_request_duration_seconds',
      help: 'How long tool calls took.',
      labelNames: ['connector', 'tool'],
      buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    failed: counter('mcp_requests_failed_total', 'Tool calls that ended in an error, by its code.', 'connector', 'tool', 'code'),
    idempotencyHits: counter(
      'mcp_idempotency_hits_total',
      'Calls with an idempotency key that were answered with a stored answer.',
      'connector',
    ),
    idempotencyMisses: counter(
      'mcp_idempotency_misses_total',
      'Calls with an idempotency key that ran, because no earlier call had used it.',
      'connector',
    ),
    rateLimited: counter('mcp_rate_limit_exceeded_total', 'Requests and calls refused because a limit was used up.'),
    refused: counter('mcp_requests_refused_total', 'Requests refused before they became a tool call, by reason.', 'reason'),
    attempts: counter(
      'mcp_connector_requests_total',
      'Attempts to reach a vendor, including retries and attempts that a guard stopped.',
      'connector',
    ),
    errors: counter('mcp_connector_errors_total', 'Attempts to reach a vendor that failed, by code.', 'connector', 'code'),
    waited: counter(
      'mcp_connector_wait_seconds_total',
      'Time spent waiting before attempts to reach a vendor, by reason.',
      'connector',
      'reason',
    ),
    health: gauge(
      'mcp_connector_healthy',
      'Share of a connector’s connections that passed their last check, from 0 (none) to 1 (all).',
      'connector',
    ),
    breakers: gauge(
      'mcp_circuit_breaker_state',
      'Connections whose circuit breaker is open or half-open. All others are closed.',
      'connector',
      'state',
    ),
    opened: counter('mcp_circuit_breaker_opened_total', 'How often circuit breakers opened, including from half-open.', 'connector'),
  };
}

/** Counts the breakers that are not closed, by connector and state. */
class BreakerMetrics {
  readonly #breakers: Gauge<'connector' | 'state'>;
  readonly #opened: Counter<'connector'>;
  /** Keyed by connector and connection, the oldest first. */
  readonly #notClosed = new Map<string, { readonly connector: string; readonly state: BreakerState }>();

  constructor({ breakers, opened }: Pick<ReturnType<typeof createMetrics>, 'breakers' | 'opened'>) {
    this.#breakers = breakers;
    this.#opened = opened;
  }

  startAtZero(connector: string): void {
    this.#opened.inc({ connector }, 0);
    for (const state of ['open', 'half-open']) this.#breakers.set({ connector, state }, 0);
  }

  change({ connector, connection, state }: Extract<UpstreamEvent, { kind: 'breaker' }>): void {
    const key = JSON.stringify([connector, connection]);
    this.#forget(key);
    if (state === 'open') this.#opened.inc({ connector });
    if (state === 'closed') return;
    const [oldest] = this.#notClosed.keys();
    if (oldest !== undefined && this.#notClosed.size >= maxBreakers) this.#forget(oldest);
    const labels = { connector, state };
    this.#notClosed.set(key, labels);
    this.#breakers.inc(labels);
  }

  #forget(key: string): void {
    const labels = this.#notClosed.get(key);
    if (labels && this.#notClosed.delete(key)) this.#breakers.dec(labels);
  }
}
