import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerTypes } from './answer-types.ts';
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
 * The result has no body, because the body has been read. It accepts both types of answer, because {@link writeWebResponse} converts them.
 */
export function toWebRequest(request: IncomingMessage, disconnect: ClientDisconnect): Request {
  const controller = new AbortController();
  if (disconnect.aborted) controller.abort();
  else disconnect.addEventListener('abort', () => controller.abort());
  const headers = toHeaders(request);
  // The SDK searches the header for both names, and knows no wildcards.
  headers.set('accept', 'application/json, text/event-stream');
  // The SDK does not use the URL, because the request has already been routed by its path.
  return new Request('http://localhost/', { method: 'POST', headers, signal: controller.signal });
}

/**
 * Writes the SDK's response: JSON at once, or a stream of events as they arrive. A client that takes only one type gets the message in that
 * type, and so only the last message of a stream. Errors of HTTP are always JSON. If the head of a stream was sent earlier, to keep a long
 * call alive, only a stream can follow.
 */
export async function writeWebResponse(webResponse: Response, response: ServerResponse, types: AnswerTypes): Promise<void> {
  const isStream = webResponse.headers.get('content-type') === eventStreamType;
  if (response.headersSent && !isStream) response.destroy();
  if (response.destroyed) return void (await webResponse.body?.cancel());
  const asJson = isStream && types === 'json';
  const asStream = !isStream && types === 'stream' && webResponse.status === 200;
  if (!response.headersSent) {
    // node:http decides whether the connection is kept.
    for (const [name, value] of webResponse.headers) if (name !== 'connection') response.setHeader(name, value);
    if (asJson) for (const name of streamHeaders) response.removeHeader(name);
    if (asJson || asStream) response.setHeader('content-type', asJson ? 'application/json' : eventStreamType);
    response.statusCode = webResponse.status;
  }
  if (webResponse.body && isStream && !asJson) {
    if (!response.headersSent) response.flushHeaders();
    // The SDK keeps all that is not written yet, so there is nothing to gain by waiting for a slow reader here. It is counted afterwards.
    for await (const chunk of webResponse.body) {
      if (response.destroyed) return;
      response.write(chunk);
    }
    return void response.end();
  }
  const text = await webResponse.text();
  const body = Buffer.from(asJson ? lastMessage(text) : asStream ? `event: message\ndata: ${text}\n\n` : text);
  // Set last, so that both lanes send their headers in the same order.
  response.setHeader('content-length', body.length);
  response.end(body);
}

const eventStreamType = 'text/event-stream';
const streamHeaders = ['cache-control', 'x-accel-buffering'];

const dataLine = '\ndata: ';

/** Returns the data of the last event of a stream that the SDK wrote, or '' if it wrote none. Each event has one line of data. */
function lastMessage(stream: string): string {
  const line = stream.lastIndexOf(dataLine);
  if (line === -1) return '';
  const begin = line + dataLine.length;
  return stream.slice(begin, stream.indexOf('\n', begin));
}
