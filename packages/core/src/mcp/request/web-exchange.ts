import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { cutSlowReader } from '../room/slow-reader.ts';
import type { ClientDisconnect } from './client-disconnect.ts';

/** Converts Node's headers to web headers. */
export function toHeaders(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  return headers;
}

/**
 * Converts Node's request to the web request that the SDK expects, with its headers and a signal that aborts when the client disconnects.
 * The result has no body, because the body has been read.
 */
export function toWebRequest(request: IncomingMessage, disconnect: ClientDisconnect): Request {
  const controller = new AbortController();
  if (disconnect.aborted) controller.abort();
  else disconnect.addEventListener('abort', () => controller.abort());
  // The SDK does not use the URL, because the request has already been routed by its path.
  return new Request('http://localhost/', { method: 'POST', headers: toHeaders(request), signal: controller.signal });
}

/**
 * Writes the SDK's response: JSON at once, or a stream of events as they arrive and no faster than the client reads them. If the head of a
 * stream was sent earlier, to keep a long call alive, only a stream can follow.
 */
export async function writeWebResponse(webResponse: Response, response: ServerResponse): Promise<void> {
  const isStream = webResponse.headers.get('content-type') === 'text/event-stream';
  if (response.headersSent && !isStream) response.destroy();
  if (response.destroyed) return void (await webResponse.body?.cancel());
  if (!response.headersSent) {
    // node:http decides whether the connection is kept.
    for (const [name, value] of webResponse.headers) if (name !== 'connection') response.setHeader(name, value);
    response.statusCode = webResponse.status;
  }
  if (webResponse.body && isStream) {
    if (!response.headersSent) response.flushHeaders();
    // The SDK writes to a stream every 15 seconds at least.
    cutSlowReader(response);
    // Rejects when the client disconnects, after it has cancelled the stream's source. There is nothing left to do.
    return pipeline(webResponse.body, response).catch(() => {});
  }
  const body = Buffer.from(await webResponse.arrayBuffer());
  // Set last, so that both lanes send their headers in the same order.
  response.setHeader('content-length', body.length);
  response.end(body);
}
