// Many clients in a process of their own, more and then fewer of them: told the steps, it says after each what came of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { looksRight } from './answer.ts';
import { openClient, type Caller } from './client.ts';
import { argumentsOf } from './request.ts';

/** So many clients for so long. */
export interface Step {
  readonly clients: number;
  readonly ms: number;
}

/** What is to be done. Plain data. */
export interface Profile {
  readonly caller: Caller;
  readonly steps: readonly Step[];
  /** The share of lists among the requests, the rest are calls: 0 to 1. */
  readonly lists: number;
}

/** What came of one step. Requests count where they were answered. */
export interface Stepped {
  readonly clients: number;
  readonly ms: number;
  readonly answered: number;
  /** With 429 or 503, and a time to wait. The client waits for so long. */
  readonly refused: number;
  /** Any other answer, and connections that broke. */
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

  /** Goes on until fewer clients are wanted than came before this one. */
  async function act(place: number): Promise<void> {
    while (place < wanted) {
      try {
        const client = await openClient(caller);
        const call = client.request({ method: 'tools/call', arguments: argumentsOf('1k') });
        const list = client.request({ method: 'tools/list' });
        // Each client begins elsewhere in the mixture, and none of it is left to chance.
        for (let sent = place; place < wanted; sent += 1) {
          const began = performance.now();
          const response = await client.send(Math.floor(sent * lists) < Math.floor((sent + 1) * lists) ? list : call);
          const waitMs = Number(/^retry-after: (\d+)/im.exec(response.head)?.[1]) * 1_000;
          if ([429, 503].includes(response.status) && waitMs >= 0) {
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

  const acting = new Map<number, Promise<void>>();
  for (const { clients, ms } of steps) {
    wanted = clients;
    for (let place = 0; place < clients; place += 1)
      if (!acting.has(place))
        acting.set(
          place,
          act(place).finally(() => acting.delete(place)),
        );
    await sleep(ms);
    const sorted = Float64Array.from(times).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const stepped: Stepped = {
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
    process.send?.(stepped);
    times = [];
    refused = 0;
    failed = 0;
    failure = undefined;
  }
  wanted = 0;
  // What is out still is answered while it is seen how soon others are.
  process.send?.('done');
}
