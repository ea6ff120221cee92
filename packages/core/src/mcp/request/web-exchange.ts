import type { IncomingMessage, ServerResponse } from 'node:http';
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
 * Writes the SDK's response: JSON at once, or a stream of events as they arrive. If the head of a stream was sent earlier, to keep a long
 * call alive, only a stream can follow.
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
    // The SDK keeps all that is not written yet, so there is nothing to gain by waiting for a slow reader here. It is counted afterwards.
    for await (const chunk of webResponse.body) {
      if (response.destroyed) return;
      response.write(chunk);
    }
    return void response.end();
  }
  const body = Buffer.from(await webResponse.arrayBuffer());
  // Set last, so that both lanes send their headers in the same order.
  response.setHeader('content-length', body.length);
  response.end(body);
}
