import { Registry } from 'prom-client';
import { promObserver } from '../../src/adapters/prom-client.ts';

/** An observer, and the metrics page that it fills. */
export function metricsPage(connectors: readonly string[]) {
  const registry = new Registry();
  return { observer: promObserver(registry, connectors), page: () => registry.metrics() };
}
