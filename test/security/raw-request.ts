import { HttpConnection, type Outcome } from '../../packages/core/test/mcp/differential/http-connection.ts';

/** A request before it is encoded. Every part may be invalid. */
export interface RawRequest {
  /** Default `POST`. */
  readonly method?: string;
  /** Default `/mcp`. */
  readonly target?: string;
  /** Default `HTTP/1.1`. */
  readonly version?: string;
  /** Lines after the usual headers. */
  readonly headers?: readonly string[];
  readonly key?: string;
  readonly body?: string;
  /** The body’s `content-length`. Default: the right one. `null` leaves the header out. */
  readonly length?: string | null;
}

/** The bytes of a request, as a string of Latin-1. */
export function rawRequest({ method = 'POST', target = '/mcp', version = 'HTTP/1.1', key, body = '', ...rest }: RawRequest): string {
  const { headers = [], length = String(Buffer.byteLength(body, 'latin1')) } = rest;
  const lines = [
    `${method} ${target} ${version}`,
    'host: localhost',
    ...(key === undefined ? [] : [`authorization: Bearer ${key}`]),
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    ...(length === null ? [] : [`content-length: ${length}`]),
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** A chunk of a chunked body. */
export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** The answers to some bytes, and the answer to a request that follows them on the same connection. */
export interface Exchange extends Outcome {
  /** The status of each answer. */
  readonly statuses: readonly number[];
  /** The body of the answer to `GET /health/live` on the same connection. Undefined if the server closed it before. */
  readonly next: string | undefined;
}

/** The body of every right answer to `GET /health/live`. */
export const live = '{"status":"live"}\n';

/**
 * Sends bytes over a connection of their own, and waits for this number of answers, or until the server closes the connection. If it stays
 * open, asks for `/health/live` on it: the answer shows whether the server still knows where a request begins.
 */
export async function exchange(port: number, bytes: string, answers = 1): Promise<Exchange> {
  const connection = new HttpConnection(port);
  try {
    const outcome = await connection.send({
      name: 'raw',
      packets: [Buffer.from(bytes, 'latin1')],
      answers,
      bodyless: bytes.startsWith('HEAD '),
    });
    const probe = rawRequest({ method: 'GET', target: '/health/live', length: null });
    const after = outcome.connection === 'kept' ? await connection.send({ name: 'next', packets: [Buffer.from(probe)] }) : undefined;
    const next = after && after.replies.map(({ body }) => body).join('') + after.rest;
    return { ...outcome, statuses: outcome.replies.map(({ status }) => Number(status.split(' ')[1])), next };
  } finally {
    connection.close();
  }
}
