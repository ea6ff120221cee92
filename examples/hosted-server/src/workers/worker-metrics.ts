import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';

type Metrics = MetricObjectWithValues<MetricValue<string>>[];

// A worker asks the primary for all metrics. The primary asks each worker for its own metrics and returns all of them to the worker that
// asked.
const allRequest = 'all metrics?';
const ownRequest = 'own metrics?';
interface OwnMetrics {
  readonly own: Metrics;
}
interface AllMetrics {
  readonly all: readonly Metrics[];
}

const workerTimeoutMs = 2_000;

/**
 * In a worker: returns a function that reads the metrics of all serving workers, and gives this worker's metrics to the others. A scrape
 * can reach any worker, so each must know all metrics. Each series has the number of its worker as a label, so the series of two workers
 * are never added together, and the series of a restarted worker begin at 0.
 */
export function metricsOfAllWorkers(registry: Registry): () => Promise<string> {
  let pending: PromiseWithResolvers<string> | undefined;
  const sendOwn = async () => process.send?.({ own: await registry.getMetricsAsJSON() } satisfies OwnMetrics);
  const textOf = async (all: readonly Metrics[]) => AggregatorRegistry.aggregate([...all]).metrics();
  process.on('message', (message: typeof ownRequest | Partial<AllMetrics>) => {
    if (message === ownRequest) sendOwn().catch(() => {});
    else if (message.all) {
      pending?.resolve(textOf(message.all));
      pending = undefined;
    }
  });
  return () => {
    if (!pending) {
      pending = Promise.withResolvers();
      process.send?.(allRequest);
    }
    return pending.promise;
  };
}

/** In the primary: answers workers that ask for all metrics. Leaves out a worker that does not answer within 2 seconds. */
export function answerMetricsRequests(serving: ReadonlySet<Worker>): void {
  let collecting: Promise<readonly Metrics[]> | undefined;
  async function collect(): Promise<readonly Metrics[]> {
    const metrics = await Promise.all(Array.from(serving, metricsOf));
    collecting = undefined;
    return metrics.filter((own) => own !== undefined);
  }
  cluster.on('message', (worker, message: unknown) => {
    if (message !== allRequest) return;
    void (collecting ??= collect()).then((all) => worker.isConnected() && worker.send({ all } satisfies AllMetrics));
  });
}

function metricsOf(worker: Worker): Promise<Metrics | undefined> {
  const { promise, resolve } = Promise.withResolvers<Metrics | undefined>();
  const onMessage = (message: Partial<OwnMetrics>) => message.own && resolve(message.own);
  const giveUp = () => resolve(undefined);
  const timer = setTimeout(giveUp, workerTimeoutMs);
  worker.on('message', onMessage).on('exit', giveUp);
  worker.send(ownRequest);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', onMessage).off('exit', giveUp);
  });
}
