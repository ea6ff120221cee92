import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { BannerFacts } from '../banner.ts';
import type { Config } from '../settings/config.ts';
import { compose } from '../container.ts';
import type { Server, StartOptions } from '../server.ts';
import { tokens } from '../tokens.ts';
import { watchBeats } from './heartbeats.ts';
import { answerMetrics } from './worker-metrics.ts';

/** A worker ended before it served. */
export class WorkerStartError extends Error {
  override readonly name = 'WorkerStartError';
}

interface Started {
  /** Rejects where it ends before it serves. */
  readonly facts: Promise<BannerFacts>;
  /** How it ended: `exit code 1`, or the signal. */
  readonly ended: Promise<string>;
}

// A worker that ends soon is started again later and later. After so long it counts as sound.
const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
const soundMs = 60_000;

/**
 * Starts `BUSBAR_WORKERS` processes that serve one port, the first one alone: it brings the tables up to date and makes the first key. One that
 * ends is started again, and one whose event loop stands still for ten seconds, or for a minute at its start, is ended. `close` lets all of them stop at once, each in the order of
 * a server, and rejects where one did not end well.
 *
 * @throws {WorkerStartError} where one ends before it serves. It has said why.
 */
export async function startWorkers(config: Config, { newKey }: StartOptions): Promise<Server> {
  const { get } = compose(config);
  const [log, clock] = [get(tokens.log), get(tokens.clock)];
  const port = await freePort(config);
  const stopping = new AbortController();
  const alive = new Map<Worker, Promise<string>>();
  const serving = new Set<Worker>();
  // However this process ends, none of them stays behind.
  process.on('exit', () => signal('SIGKILL'));
  answerMetrics(serving);

  function signal(name: NodeJS.Signals): void {
    for (const worker of alive.keys()) worker.process.kill(name);
  }

  function start(place: number, ...more: readonly string[]): Started {
    cluster.setupPrimary({ args: ['--worker', String(place), ...more] });
    const worker = cluster.fork({ PORT: String(port) });
    const ended = new Promise<string>((resolve) =>
      worker.once('exit', (code, killed) => {
        alive.delete(worker);
        serving.delete(worker);
        resolve(killed ?? `exit code ${code}`);
      }),
    );
    alive.set(worker, ended);
    // What is sent to one that has just ended comes back as an error. Its end is heard of anyway.
    worker.on('error', () => {});
    watchBeats(worker, () => {
      log.error({ worker: place, pid: worker.process.pid }, 'A worker stands still, and is ended');
      worker.process.kill('SIGKILL');
    });
    const facts = new Promise<BannerFacts>((resolve, reject) => {
      worker.on('message', (message: { readonly serving?: BannerFacts }) => {
        if (!message.serving) return;
        serving.add(worker);
        const { pid } = worker.process;
        log.info({ worker: place, pid }, 'A worker serves');
        resolve(message.serving);
      });
      void ended.then((how) => reject(new WorkerStartError(`Worker ${place} ended at its start (${how}). What it said stands above.`)));
    });
    facts.catch(() => {});
    return { facts, ended };
  }

  async function keep(place: number, first: Started): Promise<void> {
    let started = first;
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      const startedAt = clock.now();
      const how = await started.ended;
      if (clock.now() - startedAt >= soundMs) waitMs = firstWaitMs;
      if (stopping.signal.aborted) return;
      log.error({ worker: place, how, waitMs }, 'A worker ended, and is started again after a while');
      await clock.sleep(waitMs, stopping.signal).catch(() => {});
      if (stopping.signal.aborted) return;
      started = start(place);
    }
  }

  async function close(): Promise<void> {
    stopping.abort();
    signal('SIGTERM');
    const ends = await Promise.all(alive.values());
    // One that had not served yet knows nothing of signals.
    const bad = ends.filter((how) => how !== 'exit code 0' && how !== 'SIGTERM');
    if (bad.length > 0) throw new Error(`Workers did not end well: ${bad.join(', ')}.`);
  }
  let closing: Promise<void> | undefined;
  const closeOnce = () => (closing ??= close());

  try {
    const first = start(1, ...(newKey ? ['--new-key'] : []));
    const facts = await first.facts;
    const others = Array.from({ length: config.BUSBAR_WORKERS - 1 }, (_, index) => start(index + 2));
    await Promise.all(others.map((other) => other.facts));
    [first, ...others].forEach((started, index) => void keep(index + 1, started));
    return { ...facts, log, close: closeOnce };
  } catch (error) {
    await closeOnce().catch(() => {});
    throw error;
  }
}

/** In a worker: tells the primary that it serves. */
export function tellServing({ url, demo, webhooks, newKey }: Server): void {
  process.send?.({ serving: { url, demo, webhooks, newKey } });
}

/** The port, or a free one for 0. Rejects where it is taken, which no worker would notice: they share it with whoever has it. */
async function freePort({ HOST, PORT }: Config): Promise<number> {
  const server = createServer().listen(PORT, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
