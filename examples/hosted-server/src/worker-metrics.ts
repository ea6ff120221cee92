import cluster from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';

// What a worker sends to ask for the metrics of all, and the text that it is sent for it.
const question = 'metrics?';
interface Told {
  /** None where a worker gave none. */
  readonly metrics: string | null;
}

/**
 * In a worker: lets the others have its metrics, and gives those of all workers. A scrape reaches any one of them, so each must know all. Every series
 * has its worker's number as a label, so none is added up with another's, and one that starts anew is seen to. Rejects where a worker
 * gives none within 5 seconds.
 */
export function metricsOfWorkers(registry: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries(registry);
  // Has this worker answer when the primary asks for its part.
  new AggregatorRegistry();
  let asked: PromiseWithResolvers<string> | undefined;
  process.on('message', ({ metrics }: Partial<Told>) => {
    if (metrics === undefined) return;
    if (metrics === null) asked?.reject(new Error('A worker did not give its metrics.'));
    else asked?.resolve(metrics);
    asked = undefined;
  });
  return () => {
    if (!asked) {
      asked = Promise.withResolvers();
      process.send?.(question);
    }
    return asked.promise;
  };
}

/** In the primary: answers workers that ask for the metrics of all. */
export function answerMetrics(): void {
  const all = new AggregatorRegistry();
  cluster.on('message', (worker, message: unknown) => {
    if (message !== question) return;
    const tell = (metrics: Told['metrics']) => worker.isConnected() && worker.send({ metrics } satisfies Told);
    all.clusterMetrics().then(tell, () => tell(null));
  });
}
