/** A header as it is sent. Names keep their case, and a name may occur twice. */
export type Header = readonly [name: string, value: string];

/** One HTTP request, before it is encoded. */
export interface HttpRequest {
  readonly name: string;
  readonly headers: readonly Header[];
  readonly body: string | Buffer;
  /** Default POST. */
  readonly method?: string;
  /** Default /mcp. */
  readonly target?: string;
}

/** The bytes to send over a connection, and how many answers to expect. */
export interface WireRequest {
  readonly name: string;
  /** Written one by one, so that they arrive separately. */
  readonly packets: readonly Buffer[];
  /** The number of answers to wait for. Default 1. */
  readonly answers?: number;
  /** Sends the request on a new connection that is not used again. */
  readonly fresh?: boolean;
  /** Ends the client's side of the connection after the last packet, and waits for the server to end its side. */
  readonly cut?: boolean;
  /** A HEAD request: its answers have no body, even if their headers announce one. */
  readonly bodyless?: boolean;
}

/** Formats a value for a request's name: JSON, cut to a length, with `(absent)` for undefined. */
export const label = (value: unknown, length = 100): string =>
  (JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? '(absent)' : inner)) ?? '(absent)').slice(0, length);

/** Encodes a request. Adds `Host` if it is missing, and `Content-Length` unless the request has it or `Transfer-Encoding`. */
export function encode({ method = 'POST', target = '/mcp', headers, body }: HttpRequest, version = 'HTTP/1.1'): Buffer {
  const has = (wanted: string) => headers.some(([name]) => name.toLowerCase() === wanted);
  const bytes = Buffer.from(body);
  const lines = [
    `${method} ${target} ${version}`,
    ...(has('host') ? [] : ['host: localhost']),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(has('content-length') || has('transfer-encoding') ? [] : [`content-length: ${bytes.length}`]),
  ];
  // Header values may hold any byte, so that a test can send invalid bytes.
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** A request as one packet on a kept connection. */
export const toWire = (request: HttpRequest): WireRequest => ({ name: request.name, packets: [encode(request)] });

/** The same request with an addition to its name, and with the given changes. */
export const named = (request: HttpRequest, name: string, change: Partial<HttpRequest> = {}): HttpRequest => ({
  ...request,
  ...change,
  name: `${request.name}: ${name}`,
});

/** The request without the headers of a name, or with other values in their place. */
export const withHeader = (request: HttpRequest, name: string, ...values: readonly string[]): Partial<HttpRequest> => ({
  headers: [
    ...request.headers.filter(([present]) => present.toLowerCase() !== name.toLowerCase()),
    ...values.map((value): Header => [name, value]),
  ],
});

/** The parsed body. */
const messageOf = (request: HttpRequest): Record<string, unknown> => JSON.parse(request.body.toString()) as Record<string, unknown>;

/** The request with parts of its message replaced. Undefined removes a part. */
export const withMessage = (request: HttpRequest, change: object): Partial<HttpRequest> => ({
  body: JSON.stringify({ ...messageOf(request), ...change }),
});

/** The request with parts of its `params` replaced. Undefined removes a part. */
export const withParams = (request: HttpRequest, change: object): Partial<HttpRequest> =>
  withMessage(request, { params: { ...(messageOf(request)['params'] as object | undefined), ...change } });

/** The request with parts of its `_meta` replaced. Undefined removes a part. */
export function withMeta(request: HttpRequest, change: object): Partial<HttpRequest> {
  const params = messageOf(request)['params'] as { _meta?: object } | undefined;
  return withParams(request, { _meta: { ...params?._meta, ...change } });
}
