import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '@busbar/core';

/** What an answer may want of the request beside what stands in it. */
export interface WebBindings {
  readonly incoming: IncomingMessage;
}

const methods = ['GET', 'HEAD', 'POST', 'DELETE'];

/**
 * Serves what answers a web Request. The request's signal aborts, and the answer's body is cancelled, when the client goes; a body that fails on
 * its way is logged and cuts the connection, so that nobody takes half for the whole. `answer` must not throw.
 */
export function webListener(answer: (request: Request, env: WebBindings) => Response | Promise<Response>, log: Logger): RequestListener {
  return (incoming, outgoing) => {
    exchange(answer, incoming, outgoing).catch((err: unknown) => {
      if ((err as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') log.error({ err }, 'An answer of the admin API broke off');
      outgoing.destroy();
    });
  };
}

async function exchange(answer: Parameters<typeof webListener>[0], incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming;
  // A web Request refuses some methods; none that is not here is used.
  if (!methods.includes(method)) return void outgoing.writeHead(405, { allow: methods.join(', ') }).end();
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const given = new Headers();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) given.set(name, String(value));
  // The host is the client's to name, so nothing here may depend on it.
  const request = new Request(new URL(url, 'http://admin.invalid'), {
    method,
    headers: given,
    signal: gone.signal,
    ...(method !== 'GET' && method !== 'HEAD' && { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const }),
  });
  const response = await answer(request, { incoming });
  if (outgoing.destroyed) return void (await response.body?.cancel());
  // What was not read of the request would be taken for the next one.
  if (!incoming.complete) outgoing.setHeader('connection', 'close');
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) await pipeline(Readable.fromWeb(response.body as never), outgoing);
  else outgoing.end();
}
