// Clients that check every answer, in their own process. They warm servers up, fill their memory and verify their answers; wrk does the
// timing. The process receives a load, and reports the result once its clients have left.
import { looksRight } from './answer.ts';
import { openClient, type Caller } from './client.ts';
import { mcpRequest, type Size } from './request.ts';

/** The load to send. It is plain data, because it is sent to another process. */
export interface Load {
  readonly caller: Caller;
  /** The size of a call. Absent: the clients list tools. */
  readonly size?: Size | undefined;
  readonly connections: number;
  readonly ms: number;
  /** Ends the load early, after this many requests. */
  readonly requests?: number | undefined;
}

/** The result of a load. */
export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  /** The status and text of the first failure. */
  readonly failure?: string | undefined;
}

process.on('message', (message: Load) => void send(message).then((result) => process.send?.(result)));
process.on('disconnect', () => process.exit());

async function send({ caller, size, connections, ms, requests = Number.POSITIVE_INFINITY }: Load): Promise<LoadResult> {
  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(caller)));
  const wanted = mcpRequest(size);
  let sent = 0;
  let failed = 0;
  let failure: string | undefined;
  const began = performance.now();
  const ends = await Promise.allSettled(
    clients.map(async (client) => {
      const request = client.request(wanted);
      while (sent < requests && performance.now() - began < ms) {
        sent += 1;
        // A server that was busy for longer than its keep-alive timeout may close a connection at the moment it is used. Clients then retry
        // once.
        const response = await client.send(request).catch(() => client.send(request));
        if (looksRight(response)) continue;
        failed += 1;
        failure ??= `${response.status} ${response.body.toString('utf8').slice(0, 300)}`;
      }
    }),
  );
  const broken = ends.filter((end) => end.status === 'rejected');
  // A broken client has no session to end, so failures are ignored.
  await Promise.allSettled(clients.map((client) => client.leave()));
  return { requests: sent, failed: failed + broken.length, failure: failure ?? (broken[0] && String(broken[0].reason)) };
}
