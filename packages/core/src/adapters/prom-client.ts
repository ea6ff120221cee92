import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallEvent, Observer, RefusalEvent, UpstreamEvent } from '../ports/observer.ts';
import type { BreakerState } from '../ports/resilience.ts';

/** An {@link Observer} that keeps Prometheus metrics, and the one that the host cannot know. */
export interface PromObserver extends Observer {
  /** Sets `mcp_connector_healthy`: the share of a connector's checked connections that passed, from 0 to 1. */
  healthy(connector: string, share: number): void;
}

// The largest number of connections whose breaker is remembered as not closed. Breakers beyond it push the oldest out.
const maxBreakers = 10_000;

/**
 * Keeps the metrics of a host in a registry. Labels are connector, tool, status, code, reason and breaker state, all of them from
 * fixed lists: no label names a tenant, key, connection or call. Throws where the registry has metrics of these names already.
 *
 * @param connectors The ids of the connectors whose counters and gauges start at 0, so that the first event shows as a rise.
 */
export function promObserver(registry: Registry, connectors: readonly string[] = []): PromObserver {
  const registers = [registry];
  const requests = new Counter({
    name: 'mcp_requests_total',
    help: 'Tool calls that ended, by how they ended.',
    labelNames: ['connector', 'tool', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'mcp_request_duration_seconds',
    help: 'How long tool calls took.',
    labelNames: ['connector', 'tool'],
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const failed = new Counter({
    name: 'mcp_requests_failed_total',
    help: 'Tool calls that ended in an error, by its code.',
    labelNames: ['connector', 'tool', 'code'],
    registers,
  });
  const idempotencyHits = new Counter({
    name: 'mcp_idempotency_hits_total',
    help: 'Calls with an idempotency key that were answered with a stored answer.',
    labelNames: ['connector'],
    registers,
  });
  const idempotencyMisses = new Counter({
    name: 'mcp_idempotency_misses_total',
    help: 'Calls with an idempotency key that ran, because no other had come under it.',
    labelNames: ['connector'],
    registers,
  });
  const rateLimited = new Counter({
    name: 'mcp_rate_limit_exceeded_total',
    help: 'Requests and calls turned away because a limit was used up.',
    registers,
  });
  const refused = new Counter({
    name: 'mcp_requests_refused_total',
    help: 'Requests turned away before they became a tool call, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const attempts = new Counter({
    name: 'mcp_connector_requests_total',
    help: 'Attempts to reach a vendor, retries and those that a guard stopped included.',
    labelNames: ['connector'],
    registers,
  });
  const errors = new Counter({
    name: 'mcp_connector_errors_total',
    help: 'Attempts to reach a vendor that failed, by code.',
    labelNames: ['connector', 'code'],
    registers,
  });
  const waited = new Counter({
    name: 'mcp_connector_wait_seconds_total',
    help: 'Time spent waiting before attempts to reach a vendor, by what was waited for.',
    labelNames: ['connector', 'reason'],
    registers,
  });
  const health = new Gauge({
    name: 'mcp_connector_healthy',
    help: 'Share of the connections of a connector that passed their last check: 1 all, 0 none.',
    labelNames: ['connector'],
    registers,
  });
  const breakers = new Gauge({
    name: 'mcp_circuit_breaker_state',
    help: 'Connections whose circuit breaker is open or half-open. All others are closed.',
    labelNames: ['connector', 'state'],
    registers,
  });
  const opened = new Counter({
    name: 'mcp_circuit_breaker_opened_total',
    help: 'How often a circuit breaker opened, from half-open included.',
    labelNames: ['connector'],
    registers,
  });

  for (const connector of connectors) {
    attempts.inc({ connector }, 0);
    opened.inc({ connector }, 0);
    idempotencyHits.inc({ connector }, 0);
    idempotencyMisses.inc({ connector }, 0);
    for (const state of ['open', 'half-open']) breakers.set({ connector, state }, 0);
  }

  const notClosed = new Map<string, { readonly connector: string; readonly state: BreakerState }>();

  function onBreaker({ connector, connection, state }: Extract<UpstreamEvent, { kind: 'breaker' }>): void {
    const key = JSON.stringify([connector, connection]);
    const forget = (known: string): void => {
      const before = notClosed.get(known);
      if (before && notClosed.delete(known)) breakers.dec(before);
    };
    forget(key);
    if (state === 'open') opened.inc({ connector });
    if (state === 'closed') return;
    const [oldest] = notClosed.keys();
    if (oldest !== undefined && notClosed.size >= maxBreakers) forget(oldest);
    const now = { connector, state };
    notClosed.set(key, now);
    breakers.inc(now);
  }

  return {
    call({ connector, tool, status, code, durationMs, keyed }: CallEvent) {
      requests.inc({ connector, tool, status });
      durations.observe({ connector, tool }, durationMs / 1_000);
      if (code !== undefined) failed.inc({ connector, tool, code });
      if (keyed && status !== 'refused') (status === 'replayed' ? idempotencyHits : idempotencyMisses).inc({ connector });
    },
    upstream(event: UpstreamEvent) {
      if (event.kind === 'breaker') return onBreaker(event);
      if (event.kind === 'wait') return waited.inc({ connector: event.connector, reason: event.reason }, event.durationMs / 1_000);
      attempts.inc({ connector: event.connector });
      if (event.code !== undefined) errors.inc({ connector: event.connector, code: event.code });
    },
    refused({ reason }: RefusalEvent) {
      refused.inc({ reason });
      if (reason === 'rate-limit') rateLimited.inc();
    },
    healthy: (connector, share) => health.set({ connector }, share),
  };
}
