import type { ServerResponse } from 'node:http';
import type { ResponseHeaders } from '../request/response-headers.ts';

/** The headers of an answer to an older client: a stream of one event, as the SDK sends it. */
export const eventStream = { 'cache-control': 'no-cache, no-transform', 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };

/** The request to answer. */
interface AnsweredRequest {
  readonly id: string | number;
  readonly modern: boolean;
}

/** Writes a result that is prebuilt up to the request's id. */
export function writePrebuilt(
  response: ServerResponse,
  headers: ResponseHeaders | undefined,
  beforeId: Buffer,
  { id, modern }: AnsweredRequest,
): void {
  const rest = modern ? `${JSON.stringify(id)}}` : `${JSON.stringify(id)}}\n\n`;
  const length = beforeId.length + Buffer.byteLength(rest);
  const [before, after] = writeHead(response, headers, modern, length);
  // Sends all parts together without copying them. Node would also do that, but would uncork the socket in a later turn, while `end`
  // uncorks it at once.
  response.socket?.cork();
  if (before !== '') response.write(before, 'latin1');
  response.write(beforeId);
  response.end(rest + after, typeof id === 'number' ? 'latin1' : 'utf8');
}

/** Writes the JSON of a result that was built for this request. */
export function writeResult(
  response: ServerResponse,
  headers: ResponseHeaders | undefined,
  result: string,
  { id, modern }: AnsweredRequest,
): void {
  const message = `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
  const text = modern ? message : `event: message\ndata: ${message}\n\n`;
  const length = Buffer.byteLength(text);
  const [before, after] = writeHead(response, headers, modern, length);
  // ASCII is the same in both encodings, and Node writes latin1 in half the time, in one piece with the head.
  response.end(before === '' ? text : before + text + after, length === text.length ? 'latin1' : 'utf8');
}

/** Writes the head of an answer whose body has `length` bytes. Returns the strings to write before and after the body. */
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
  // A long call has already begun its stream, and Node frames the rest.
  if (response.headersSent) return unframed;
  response.writeHead(200, { ...headers, ...eventStream });
  if (!response.chunkedEncoding) return unframed;
  // The stream has one event and so one chunk. Node would write the chunk's frame in pieces, which takes longer than the rest.
  response.chunkedEncoding = false;
  return [`${length.toString(16)}\r\n`, '\r\n0\r\n\r\n'];
}

const unframed = ['', ''] as const;
