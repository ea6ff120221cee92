import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { BannerFacts } from '../banner.ts';
import { compose } from '../container.ts';
import type { Server, StartOptions } from '../server.ts';
import type { Config } from '../settings/config.ts';
import { tokens } from '../tokens.ts';
import { watchHeartbeats } from './heartbeats.ts';
import { answerMetricsRequests } from './worker-metrics.ts';

/** A worker exited before it served. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

interface WorkerProcess {
  /** Resolves when the worker serves. Rejects if it exits before that. */
  readonly serving: Promise<BannerFacts>;
  /** Resolves when the worker exits, with the reason: `exit code 1`, or the signal. */
  readonly exited: Promise<string>;
}

// The wait before a restart doubles with each exit, up to half a minute. It starts over after a worker has run for a minute.
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
const stableMs = 60_000;

/**
 * Starts `BUSBAR_WORKERS` processes that serve one port. The first starts alone: it migrates the database and creates the first key. A
 * worker that exits is restarted. A worker whose event loop is blocked for ten seconds, or for a minute during startup, is killed and
 * restarted. `close` stops all workers at the same time, each in the order of {@link Server.close}, and rejects if a worker did not exit
 * cleanly.
 *
 * @throws {WorkerStartError} if a worker exits before it serves. The worker has printed the reason.
 */
export async function startWorkers(config: Config, { newKey }: StartOptions): Promise<Server> {
  const { get } = compose(config);
  const [log, clock] = [get(tokens.log), get(tokens.clock)];
  const port = await findPort(config);
  const exits = new Map<Worker, Promise<string>>();
  const serving = new Set<Worker>();
  const pendingRestarts = new Map<number, () => void>();
  let stopping = false;
  // No worker outlives this process, however it ends.
  process.on('exit', () => signalAll('SIGKILL'));
  answerMetricsRequests(serving);

  function signalAll(signal: NodeJS.Signals): void {
    for (const worker of exits.keys()) worker.process.kill(signal);
  }

  function start(number: number, ...args: readonly string[]): WorkerProcess {
    cluster.setupPrimary({ args: ['--worker', String(number), ...args] });
    const worker = cluster.fork({ PORT: String(port) });
    const exited = new Promise<string>((resolve) =>
      worker.once('exit', (code, signal) => {
        exits.delete(worker);
        serving.delete(worker);
        resolve(signal ?? `exit code ${code}`);
      }),
    );
    exits.set(worker, exited);
    // A message to a worker that has just exited causes this error. The exit event reports the exit anyway.
    worker.on('error', () => {});
    watchHeartbeats(worker, () => {
      log.error({ worker: number, pid: worker.process.pid }, 'A worker is blocked and will be killed');
      worker.process.kill('SIGKILL');
    });
    const served = new Promise<BannerFacts>((resolve, reject) => {
      worker.on('message', (message: { readonly serving?: BannerFacts }) => {
        if (!message.serving) return;
        serving.add(worker);
        log.info({ worker: number, pid: worker.process.pid }, 'A worker serves');
        resolve(message.serving);
      });
      void exited.then((how) =>
        reject(new WorkerStartError(`Worker ${number} exited during its start (${how}). The reason is printed above.`)),
      );
    });
    served.catch(() => {});
    return { serving: served, exited };
  }

  async function restartWhenExited(number: number, worker: WorkerProcess, nextWaitMs = firstWaitMs): Promise<void> {
    const startedAt = clock.elapsed();
    const how = await worker.exited;
    if (stopping) return;
    const waitMs = clock.elapsed() - startedAt >= stableMs ? firstWaitMs : nextWaitMs;
    log.error({ worker: number, how, waitMs }, 'A worker exited and will be restarted');
    const restart = () => void restartWhenExited(number, start(number), Math.min(2 * waitMs, longestWaitMs));
    pendingRestarts.set(number, clock.timer(waitMs, restart));
  }

  async function close(): Promise<void> {
    stopping = true;
    for (const cancel of pendingRestarts.values()) cancel();
    signalAll('SIGTERM');
    const reasons = await Promise.all(exits.values());
    // A worker that does not serve yet has no handler for SIGTERM.
    const unclean = reasons.filter((how) => how !== 'exit code 0' && how !== 'SIGTERM');
    if (unclean.length > 0) throw new Error(`Workers did not exit cleanly: ${unclean.join(', ')}.`);
  }
  let closing: Promise<void> | undefined;
  const closeOnce = () => (closing ??= close());

  try {
    const first = start(1, ...(newKey ? ['--new-key'] : []));
    const facts = await first.serving;
    const others = Array.from({ length: config.BUSBAR_WORKERS - 1 }, (_, index) => start(index + 2));
    await Promise.all(others.map((other) => other.serving));
    [first, ...others].forEach((worker, index) => void restartWhenExited(index + 1, worker));
    return { ...facts, log, close: closeOnce };
  } catch (error) {
    await closeOnce().catch(() => {});
    throw error;
  }
}

/** In a worker: reports to the primary that the worker is serving. */
export function reportServing({ url, demo, webhooks, newKey }: Server): void {
  process.send?.({ serving: { url, demo, webhooks, newKey } });
}

/**
 * Returns the configured port, or a free port for 0. Rejects if the port is in use, which workers would not notice because they would share
 * the port (`reusePort`).
 */
async function findPort({ HOST, PORT }: Config): Promise<number> {
  const server = createServer().listen(PORT, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
