import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as the receiver got it. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The ids of its events. */
  readonly ids: readonly string[];
}

/** What counts usage events by their ids, as OpenMeter and Stripe do. */
export interface UsageReceiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** How often each id was counted. */
  readonly counted: ReadonlyMap<string, number>;
}

/**
 * Takes usage events on a port of its own, until the stack ends. `answer` may answer in its own way before they are counted, and then
 * returns true; by default they are counted, and answered with 204.
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
