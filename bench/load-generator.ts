// Clients that look into every answer, in a process of their own: they run servers up and fill their memory, and look whether all is right, while wrk
// takes the time. Told what to send, it says what came once its clients have left.
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
}

process.on('message', (message: Load) => void send(message).then((loaded) => process.send?.(loaded)));
process.on('disconnect', () => process.exit());

async function send({ caller, size, connections, ms, requests = Number.POSITIVE_INFINITY }: Load): Promise<Loaded> {
  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(caller)));
  const wanted = wantedOf(size);
  let sent = 0;
  let failed = 0;
  let failure: string | undefined;
  const began = performance.now();
  const ends = await Promise.allSettled(
    clients.map(async (client) => {
      const request = client.request(wanted);
      while (sent < requests && performance.now() - began < ms) {
        sent += 1;
        // A server that was busy for longer than it keeps idle connections closes one just as it is used. Clients ask once more then.
        const response = await client.send(request).catch(() => client.send(request));
        if (looksRight(response)) continue;
        failed += 1;
        failure ??= `${response.status} ${response.body.toString('utf8').slice(0, 300)}`;
      }
    }),
  );
  const broken = ends.filter((end) => end.status === 'rejected');
  // One that broke off has nothing to end.
  await Promise.allSettled(clients.map((client) => client.leave()));
  return { requests: sent, failed: failed + broken.length, failure: failure ?? (broken[0] && String(broken[0].reason)) };
}
