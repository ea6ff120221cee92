// Many clients in their own process. It receives the steps, runs more and then fewer clients, and reports the result of each step.
import { setTimeout as sleep } from 'node:timers/promises';
import { looksRight } from './clients/answer.ts';
import { openClient, type Caller } from './clients/client.ts';
import { argumentsOf } from './clients/request.ts';

/** A number of clients for a time. */
export interface Step {
  readonly clients: number;
  readonly ms: number;
}

/** The load to run. It is plain data, because it is sent to another process. */
export interface Profile {
  readonly caller: Caller;
  readonly steps: readonly Step[];
  /** The share of lists among the requests, 0 to 1. The rest are calls. */
  readonly lists: number;
}

/** The result of one step. A request counts in the step in which it was answered. */
export interface StepResult {
  readonly clients: number;
  readonly ms: number;
  readonly answered: number;
  /** Answers with a time to wait, which the client then waits. */
  readonly refused: number;
  /** All other answers, and broken connections. */
  readonly failed: number;
  readonly failure?: string | undefined;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

const longestWaitMs = 5_000;

process.once('message', (profile: Profile) => void run(profile));
process.on('disconnect', () => process.exit());

async function run({ caller, steps, lists }: Profile): Promise<void> {
  let wanted = 0;
  let times: number[] = [];
  let refused = 0;
  let failed = 0;
  let failure: string | undefined;

  /** Runs one client until a step wants fewer clients than its index. */
  async function runClient(index: number): Promise<void> {
    while (index < wanted) {
      try {
        const client = await openClient(caller);
        const call = client.request({ method: 'tools/call', arguments: argumentsOf('1k') });
        const list = client.request({ method: 'tools/list' });
        // Each client starts at a different point of the mixture, which is deterministic.
        for (let sent = index; index < wanted; sent += 1) {
          const began = performance.now();
          const response = await client.send(Math.floor(sent * lists) < Math.floor((sent + 1) * lists) ? list : call);
          const waitMs = Number(/^retry-after: (\d+)/im.exec(response.head)?.[1]) * 1_000;
          if (waitMs >= 0) {
            refused += 1;
            await sleep(Math.min(waitMs, longestWaitMs));
          } else if (looksRight(response)) times.push(performance.now() - began);
          else fail(`${response.status} ${response.body.toString('utf8').slice(0, 300)}`);
        }
        client.close();
      } catch (error) {
        fail(String(error));
        await sleep(100);
      }
    }
  }

  function fail(why: string): void {
    failed += 1;
    failure ??= why;
  }

  const running = new Map<number, Promise<void>>();
  for (const { clients, ms } of steps) {
    wanted = clients;
    for (let index = 0; index < clients; index += 1)
      if (!running.has(index))
        running.set(
          index,
          runClient(index).finally(() => running.delete(index)),
        );
    await sleep(ms);
    const sorted = Float64Array.from(times).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const result: StepResult = {
      clients,
      ms,
      answered: times.length,
      refused,
      failed,
      failure,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
    };
    process.send?.(result);
    times = [];
    refused = 0;
    failed = 0;
    failure = undefined;
  }
  wanted = 0;
  // Requests in flight are still answered while load.ts measures the recovery.
  process.send?.('done');
}
