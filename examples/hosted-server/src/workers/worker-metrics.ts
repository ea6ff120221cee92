import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, type MetricObjectWithValues, type MetricValue, type Registry } from 'prom-client';

type Metrics = MetricObjectWithValues<MetricValue<string>>[];

// A worker asks the primary for all metrics; that asks each worker for its own, and sends what it got.
const allWanted = 'all metrics?';
const ownWanted = 'own metrics?';
interface Own {
  readonly own: Metrics;
}
interface All {
  readonly all: readonly Metrics[];
}

const withinMs = 2_000;

/**
 * In a worker: lets the others have its metrics, and gives those of all that serve. A scrape reaches any one of them, so each must know all.
 * Every series has its worker's number as a label, so none is added up with another's, and that of a worker which was started again begins at 0.
 */
export function metricsOfWorkers(registry: Registry): () => Promise<string> {
  let asked: PromiseWithResolvers<string> | undefined;
  const tellOwn = async () => process.send?.({ own: await registry.getMetricsAsJSON() } satisfies Own);
  const textOf = async (all: readonly Metrics[]) => AggregatorRegistry.aggregate([...all]).metrics();
  process.on('message', (message: typeof ownWanted | Partial<All>) => {
    if (message === ownWanted) tellOwn().catch(() => {});
    else if (message.all) {
      asked?.resolve(textOf(message.all));
      asked = undefined;
    }
  });
  return () => {
    if (!asked) {
      asked = Promise.withResolvers();
      process.send?.(allWanted);
    }
    return asked.promise;
  };
}

/** In the primary: answers workers that ask for the metrics of all. One that gives none within 2 seconds is left out. */
export function answerMetrics(serving: ReadonlySet<Worker>): void {
  let collecting: Promise<readonly Metrics[]> | undefined;
  async function collect(): Promise<readonly Metrics[]> {
    const each = await Promise.all(Array.from(serving, ownOf));
    collecting = undefined;
    return each.filter((own) => own !== undefined);
  }
  cluster.on('message', (worker, message: unknown) => {
    if (message !== allWanted) return;
    void (collecting ??= collect()).then((all) => worker.isConnected() && worker.send({ all } satisfies All));
  });
}

function ownOf(worker: Worker): Promise<Metrics | undefined> {
  const { promise, resolve } = Promise.withResolvers<Metrics | undefined>();
  const onMessage = (message: Partial<Own>) => message.own && resolve(message.own);
  const onEnd = () => resolve(undefined);
  const timer = setTimeout(onEnd, withinMs);
  worker.on('message', onMessage).on('exit', onEnd);
  worker.send(ownWanted);
  return promise.finally(() => {
    clearTimeout(timer);
    worker.off('message', onMessage).off('exit', onEnd);
  });
}
