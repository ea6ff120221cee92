// The clients, in a process of their own. Told what to send, it connects and answers `ready`; told to go on, it sends for as long as it was
// told, waits for the answers that are still out, and says what came; and once more when its clients have left.
//
// While it sends it never sleeps: to wake a sleeping client takes the server that writes to it as long as half of its work, and a server that
// keeps its clients busy would be spared that. It gives way to everything else on the machine.
import { constants, setPriority } from 'node:os';
import { looksRight } from './answer.ts';
import { openClient, type Caller } from './client.ts';
import { wantedOf, type Size } from './request.ts';

/** What is to be sent. Plain data. */
export interface Load {
  readonly caller: Caller;
  /** What a call carries. Absent: tools are listed. */
  readonly size?: Size | undefined;
  readonly connections: number;
  readonly ms: number;
  /** Ends it sooner, after so many requests. */
  readonly requests?: number | undefined;
}

/** What came of it. */
export interface Loaded {
  readonly requests: number;
  readonly failed: number;
  /** What the first failure looked like. */
  readonly failure?: string | undefined;
  readonly ms: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

setPriority(constants.priority.PRIORITY_LOW);
process.on('message', (message: Load | 'go') => void (message === 'go' || prepare(message)));
process.on('disconnect', () => process.exit());

async function prepare({ caller, size, connections, ms, requests = Number.POSITIVE_INFINITY }: Load): Promise<void> {
  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(caller)));
  const wanted = wantedOf(size);
  process.send?.('ready');
  process.once('message', () => void go());

  async function go(): Promise<void> {
    const times: number[] = [];
    let sent = 0;
    let failed = 0;
    let failure: string | undefined;
    let over = false;
    const stayAwake = () => void (over || setImmediate(stayAwake));
    stayAwake();
    const began = performance.now();
    const worker = async (client: (typeof clients)[number]) => {
      const request = client.request(wanted);
      while (sent < requests && performance.now() - began < ms) {
        sent += 1;
        const from = performance.now();
        // A server that was busy for longer than it keeps idle connections closes one just as it is used. Clients ask once more then.
        const response = await client.send(request).catch(() => client.send(request));
        times.push(performance.now() - from);
        if (looksRight(response)) continue;
        failed += 1;
        failure ??= `${response.status} ${response.body.toString('utf8').slice(0, 300)}`;
      }
    };
    const ends = await Promise.allSettled(clients.map(worker));
    const broken = ends.filter((end) => end.status === 'rejected');
    const took = performance.now() - began;
    over = true;
    const sorted = Float64Array.from(times).sort();
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    const loaded: Loaded = {
      requests: times.length,
      failed: failed + broken.length,
      failure: failure ?? (broken[0] && String(broken[0].reason)),
      ms: took,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    };
    process.send?.(loaded);
    // One that broke off has nothing to end.
    await Promise.allSettled(clients.map((client) => client.leave()));
    process.send?.('left');
  }
}
