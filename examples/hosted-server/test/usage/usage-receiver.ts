import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A received request. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The ids of its events. */
  readonly ids: readonly string[];
}

/** A receiver that counts usage events by id, like OpenMeter and Stripe. */
export interface UsageReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** The number of times that each id was counted. */
  readonly counted: ReadonlyMap<string, number>;
}

/**
 * Starts a receiver on a free port. It closes with the stack. By default it counts events and answers 204. If `answer` returns true, it has
 * answered the request itself, and the receiver counts nothing unless `answer` calls `count`.
 */
export async function startUsageReceiver(
  stack: AsyncDisposableStack,
  answer: (request: Received, response: ServerResponse, count: () => void) => boolean = () => false,
): Promise<UsageReceiver> {
  const received: Received[] = [];
  const counted = new Map<string, number>();
  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request);
      const form = request.headers['content-type'] === 'application/x-www-form-urlencoded';
      const ids = form ? [new URLSearchParams(body).get('identifier') ?? ''] : (JSON.parse(body) as { id: string }[]).map(({ id }) => id);
      const got: Received = { headers: request.headers, body, ids };
      received.push(got);
      const count = () => ids.forEach((id) => counted.set(id, (counted.get(id) ?? 0) + 1));
      if (answer(got, response, count)) return;
      count();
      response.writeHead(204).end();
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`, received, counted };
}
