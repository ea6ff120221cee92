import type { ServerResponse } from 'node:http';
import type { ResponseHeaders } from '../request/response-headers.ts';

/** The head of an answer to an older client: as the SDK does, a stream of one event. */
export const eventStream = { 'cache-control': 'no-cache, no-transform', 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

/** Which request is answered. */
interface Asked {
  readonly id: string | number;
  readonly modern: boolean;
}

/** Writes a result whose bytes are ready up to the request's id. */
export function writePrebuilt(
  response: ServerResponse,
  headers: ResponseHeaders | undefined,
  beforeId: Buffer,
  { id, modern }: Asked,
): void {
  const rest = modern ? `${JSON.stringify(id)}}` : `${JSON.stringify(id)}}\n\n`;
  const length = beforeId.length + Buffer.byteLength(rest);
  const [before, after] = writeHead(response, headers, modern, length);
  // All is sent together, and nothing is copied. Node would do so by itself, with a turn of its own to let go of the socket; the end lets go of it too.
  response.socket?.cork();
  if (before !== '') response.write(before, 'latin1');
  response.write(beforeId);
  response.end(rest + after, typeof id === 'number' ? 'latin1' : 'utf8');
}

/** Writes a result that was made for this request, of which this is the JSON. */
export function writeResult(response: ServerResponse, headers: ResponseHeaders | undefined, result: string, { id, modern }: Asked): void {
  const message = `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
  const text = modern ? message : `event: message\ndata: ${message}\n\n`;
  const length = Buffer.byteLength(text);
  const [before, after] = writeHead(response, headers, modern, length);
  // ASCII is the same in both, and Node writes latin1 in half the time, in one piece with the head.
  response.end(before === '' ? text : before + text + after, length === text.length ? 'latin1' : 'utf8');
}

/** Writes the head of an answer of so many bytes, which has not come yet. Gives what is to be written before it and after it. */
function writeHead(
  response: ServerResponse,
  headers: ResponseHeaders | undefined,
  modern: boolean,
  length: number,
): readonly [before: string, after: string] {
  if (modern) {
    response.writeHead(200, { ...headers, 'content-type': 'application/json', 'content-length': length });
    return unframed;
  }
  // A call that took long has begun its stream, and Node goes on with it.
  if (response.headersSent) return unframed;
  response.writeHead(200, { ...headers, ...eventStream });
  if (!response.chunkedEncoding) return unframed;
  // The stream is over with its one event, and so is its one chunk. Node would write what frames it in pieces, which takes longer than the rest.
  response.chunkedEncoding = false;
  return [`${length.toString(16)}\r\n`, '\r\n0\r\n\r\n'];
}

const unframed = ['', ''] as const;
