import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';

/** The answer of a route. `body` is sent as JSON, except that a string is sent as it is. */
export interface SimulatorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: unknown;
}

/** An answer as a handler returns it. */
export interface HandlerAnswer extends Omit<SimulatorAnswer, 'status'> {
  /** Default 200. */
  readonly status?: number | undefined;
}

/** Reads the whole body as text. Returns undefined if it is larger than `max` bytes. */
export async function readBody(incoming: IncomingMessage, max: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    // An oversized body is read to its end and dropped: a client whose upload is cut off never sees the 413.
    if (size <= max) chunks.push(chunk);
  }
  return size > max ? undefined : Buffer.concat(chunks).toString();
}

/** Parses JSON or a form. Returns undefined if the body has another type or cannot be parsed. */
export function parseBody(rawBody: string, type: string): unknown {
  if (type.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(rawBody));
  if (!type.includes('json')) return undefined;
  try {
    return JSON.parse(rawBody) as unknown;
  } catch {
    return undefined;
  }
}

function encode({ body }: SimulatorAnswer): Buffer {
  return Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
}

function headersOf(answer: SimulatorAnswer, bytes: Buffer, nowMs: number): Record<string, string> {
  const type = typeof answer.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
  return {
    date: new Date(nowMs).toUTCString(),
    ...(bytes.length > 0 && { 'content-type': type }),
    ...(answer.status !== 204 && { 'content-length': String(bytes.length) }),
    ...answer.headers,
  };
}

/** Sends an answer whose date is `nowMs`. */
export function send(response: ServerResponse, answer: SimulatorAnswer, nowMs: number): void {
  const bytes = encode(answer);
  response.writeHead(answer.status, headersOf(answer, bytes, nowMs)).end(bytes);
}

/** Sends the first half of an answer's body, and closes the connection. */
export function breakOff(response: ServerResponse, answer: SimulatorAnswer, nowMs: number): void {
  const bytes = encode(answer);
  response.writeHead(answer.status, headersOf(answer, bytes, nowMs));
  // A regular close: a reset could overtake the half that was sent.
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroySoon());
}

/** Returns the error page of a proxy in front of a vendor. */
export function errorPage(status: number): SimulatorAnswer {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  const body = `<html>\n<head><title>${title}</title></head>\n<body><center><h1>${title}</h1></center></body>\n</html>\n`;
  return { status, headers: { 'content-type': 'text/html' }, body };
}
