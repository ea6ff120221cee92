import { randomUUID } from 'node:crypto';
import { systemClock } from '@busbar/core';
import { pinoLogger } from '@busbar/core/adapters/pino';
import { promObserver } from '@busbar/core/adapters/prom-client';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Injector } from '../injector.ts';
import { tokens } from '../tokens.ts';
import { metricsOfAllWorkers } from '../workers/worker-metrics.ts';
import { logDestination } from './log-destination.ts';
import { openTracing } from './tracing.ts';

// The share of the drain time for sending the last traces.
const flushShare = 0.1;

/** Provides the clock, the log, the metrics and the traces of this process. */
export function provideProcess({ get, provide }: Injector): void {
  provide(tokens.clock, () => systemClock);
  provide(tokens.replica, () => randomUUID());
  // The log goes to standard error. Standard output is for text that a person must read.
  provide(tokens.log, () => pinoLogger({ level: get(tokens.config).LOG_LEVEL, destination: logDestination(2) }));
  provide(tokens.registry, () => {
    const worker = get(tokens.worker);
    const registry = new Registry();
    if (worker !== undefined) registry.setDefaultLabels({ worker });
    collectDefaultMetrics({ register: registry });
    return registry;
  });
  provide(tokens.metricsText, () => {
    const registry = get(tokens.registry);
    return get(tokens.worker) === undefined ? () => registry.metrics() : metricsOfAllWorkers(registry);
  });
  provide(tokens.observer, () =>
    promObserver(
      get(tokens.registry),
      get(tokens.connectors).map(({ id }) => id),
    ),
  );
  provide(
    tokens.openTracing,
    () => () =>
      openTracing(get(tokens.config), {
        version: get(tokens.version),
        replica: get(tokens.replica),
        flushTimeoutMs: get(tokens.config).BUSBAR_DRAIN_MS * flushShare,
        clock: get(tokens.clock),
        log: get(tokens.log),
      }),
  );
}
