import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '@busbar/core';
import type { Caller } from './caller.ts';

/** The parts of a request that a handler may read besides the web `Request`, which has no body. */
export interface WebBindings {
  /** Not a byte of its body is read before the handler does, so that it can admit the sender first. */
  readonly incoming: IncomingMessage;
  /** Who sent it. */
  readonly sender: Caller;
}

/** Answers a web `Request`. Must not throw. */
export type WebHandler = (request: Request, env: WebBindings) => Response | Promise<Response>;

/** The path as the client sent it: not decoded and not normalized, so that a proxy's rule for a path also holds here. */
export function pathOf(_request: Request, { env }: { readonly env?: object } = {}): string {
  return ((env as WebBindings | undefined)?.incoming.url ?? '/').split('?', 1)[0] ?? '/';
}

// A client may stop reading its answer for this long.
const readTimeoutMs = 30_000;

/** Ends the connection of a request with its answer if its body has not been read: those bytes must not be read as the next request. */
export function closeUnread({ complete, headers }: IncomingMessage, outgoing: ServerResponse): void {
  // A request without a body is not complete either while its headers are read.
  const hasBody = headers['transfer-encoding'] !== undefined || headers['content-length'] !== undefined;
  if (!complete && hasBody) outgoing.setHeader('connection', 'close');
}

/** Cuts off a client that stops reading its answer. */
export function cutOffUnread(outgoing: ServerResponse): void {
  outgoing.setTimeout(readTimeoutMs, () => outgoing.destroy());
}

// A web Request cannot have these methods. The handler receives OPTIONS instead, which has no route either.
const unsupportedMethods = ['TRACE', 'TRACK', 'CONNECT'];

/** Answers a request whose sender is known. */
export type WebListener = (incoming: IncomingMessage, outgoing: ServerResponse, sender: Caller) => void;

/**
 * Serves a web request handler over `node:http`. When the client disconnects, the request's signal aborts and the body of the response is
 * cancelled. A client that stops reading is cut off after 30 seconds. If a body fails midway, the failure is logged and the connection is
 * cut, so that no client mistakes a part for the whole body.
 */
export function webListener(handler: WebHandler, log: Logger): WebListener {
  return (incoming, outgoing, sender) => {
    exchange(handler, incoming, outgoing, sender).catch((err: unknown) => {
      if ((err as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') log.error({ err }, 'A response broke off');
      outgoing.destroy();
    });
  };
}

async function exchange(handler: WebHandler, incoming: IncomingMessage, outgoing: ServerResponse, sender: Caller): Promise<void> {
  const { method = 'GET', url = '/' } = incoming;
  const clientGone = new AbortController();
  outgoing.once('close', () => clientGone.abort());
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) if (value !== undefined) headers.set(name, String(value));
  // Clients choose the Host header, so no handler may depend on it.
  const request = new Request(`http://host.invalid${url.startsWith('/') ? '' : '/'}${url}`, {
    method: unsupportedMethods.includes(method) ? 'OPTIONS' : method,
    headers,
    signal: clientGone.signal,
  });
  const response = await handler(request, { incoming, sender });
  if (outgoing.destroyed) return void (await response.body?.cancel());
  closeUnread(incoming, outgoing);
  cutOffUnread(outgoing);
  outgoing.setHeader('x-content-type-options', 'nosniff');
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) await pipeline(Readable.fromWeb(response.body as never), outgoing);
  else outgoing.end();
}
