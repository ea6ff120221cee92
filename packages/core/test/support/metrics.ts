import { Registry } from 'prom-client';
import { promObserver } from '../../src/adapters/prom-client.ts';

/** An observer, and the page of metrics that it fills. */
export function metricsPage(connectors: readonly string[]) {
  const registry = new Registry();
  return { observer: promObserver(registry, connectors), page: () => registry.metrics() };
}
