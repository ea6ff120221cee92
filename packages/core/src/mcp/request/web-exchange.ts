import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { ClientDisconnect } from './client-disconnect.ts';

/** Node's headers as web headers. */
export function toHeaders(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  return headers;
}

/**
 * Node's request as the web request that the SDK takes: headers and the signal of the client's going away, no body (it has been read).
 */
export function toWebRequest(request: IncomingMessage, departure: ClientDisconnect): Request {
  const gone = new AbortController();
  if (departure.aborted) gone.abort();
  else departure.addEventListener('abort', () => gone.abort());
  // Nobody reads the URL; its path has been routed.
  return new Request('http://localhost/', { method: 'POST', headers: toHeaders(request), signal: gone.signal });
}

/**
 * Writes the SDK's answer: JSON at once, a stream of events as they come and no faster than the client takes them. Where the head of a stream
 * was sent before, to keep a long call alive, nothing but a stream can follow.
 */
export async function writeWebResponse(answer: Response, response: ServerResponse): Promise<void> {
  const isStream = answer.headers.get('content-type') === 'text/event-stream';
  if (response.headersSent && !isStream) response.destroy();
  if (response.destroyed) return void (await answer.body?.cancel());
  if (!response.headersSent) {
    // Whether the connection is kept is node:http's decision.
    for (const [name, value] of answer.headers) if (name !== 'connection') response.setHeader(name, value);
    response.statusCode = answer.status;
  }
  if (answer.body && isStream) {
    if (!response.headersSent) response.flushHeaders();
    // Rejects when the client goes away, after it has told the stream's source so; there is nobody left to tell.
    return pipeline(answer.body, response).catch(() => {});
  }
  const body = Buffer.from(await answer.arrayBuffer());
  // Said here, so that the headers of both lanes stand in one order.
  response.setHeader('content-length', body.length);
  response.end(body);
}
