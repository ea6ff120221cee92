import type { ServerResponse } from 'node:http';

/** The head of an answer to an older client: as the SDK does, a stream of one event. */
export const eventStream = { 'cache-control': 'no-cache, no-transform', 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

/** Writes a result whose bytes are ready up to the request's id. */
export function writeReady(response: ServerResponse, beforeId: Buffer, id: string | number, modern: boolean): void {
  const rest = modern ? `${JSON.stringify(id)}}` : `${JSON.stringify(id)}}\n\n`;
  writeHead(response, modern, beforeId.length + Buffer.byteLength(rest));
  // Node sends what is written in one turn together, and nothing is copied.
  response.write(beforeId);
  response.end(rest);
}

/** Writes a result that was made for this request, of which this is the JSON. */
export function writeResult(response: ServerResponse, result: string, id: string | number, modern: boolean): void {
  const message = `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
  const text = modern ? message : `event: message\ndata: ${message}\n\n`;
  const length = Buffer.byteLength(text);
  // ASCII is the same in both, and Node writes latin1 in half the time, in one piece with the head.
  const encoding = length === text.length ? 'latin1' : 'utf8';
  writeHead(response, modern, length);
  response.end(text, encoding);
}

function writeHead(response: ServerResponse, modern: boolean, length: number): void {
  if (modern) response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
  else if (!response.headersSent) response.writeHead(200, eventStream);
}
