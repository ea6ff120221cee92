/** A header as it goes over the wire. Names keep their case, and may come twice. */
export type Header = readonly [name: string, value: string];

/** One HTTP request, before it is bytes. */
export interface Draft {
  readonly name: string;
  readonly headers: readonly Header[];
  readonly body: string | Buffer;
  /** Default POST. */
  readonly method?: string;
  /** Default /mcp. */
  readonly target?: string;
}

/** What goes down a connection, and how much is to come back. */
export interface Sent {
  readonly name: string;
  /** Written one by one, so that they arrive apart. */
  readonly packets: readonly Buffer[];
  /** How many answers are waited for. Default 1. */
  readonly answers?: number;
  /** Sent on a new connection, which is not used again. */
  readonly fresh?: boolean;
  /** The client's side of the connection ends after the last packet, and the server's end is waited for. */
  readonly cut?: boolean;
  /** A HEAD: its answers have no body, whatever their headers say. */
  readonly bodyless?: boolean;
}

/** A value as a name can have it: JSON, cut, with what is undefined. */
export const shown = (value: unknown, length = 100): string =>
  (JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? '(absent)' : inner)) ?? '(absent)').slice(0, length);

/** The bytes of a request: `Host` and `Content-Length` are added where the draft leaves them to us. */
export function bytesOf({ method = 'POST', target = '/mcp', headers, body }: Draft, version = 'HTTP/1.1'): Buffer {
  const has = (wanted: string) => headers.some(([name]) => name.toLowerCase() === wanted);
  const bytes = Buffer.from(body);
  const lines = [
    `${method} ${target} ${version}`,
    ...(has('host') ? [] : ['host: localhost']),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(has('content-length') || has('transfer-encoding') ? [] : [`content-length: ${bytes.length}`]),
  ];
  // Header values may hold any byte, so that a test can send those that it should not.
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}

/** A draft as one packet on a kept connection. */
export const sent = (draft: Draft): Sent => ({ name: draft.name, packets: [bytesOf(draft)] });

/** The same request with another name, and whatever else is given. */
export const named = (draft: Draft, name: string, change: Partial<Draft> = {}): Draft => ({
  ...draft,
  ...change,
  name: `${draft.name}: ${name}`,
});

/** The request without the headers of a name, or with others in their place. */
export const withHeader = (draft: Draft, name: string, ...values: readonly string[]): Partial<Draft> => ({
  headers: [
    ...draft.headers.filter(([present]) => present.toLowerCase() !== name.toLowerCase()),
    ...values.map((value): Header => [name, value]),
  ],
});

/** The body, parsed, for those that change it. */
const messageOf = (draft: Draft): Record<string, unknown> => JSON.parse(draft.body.toString()) as Record<string, unknown>;

/** The request with parts of its message replaced; undefined takes one out. */
export const withMessage = (draft: Draft, change: object): Partial<Draft> => ({ body: JSON.stringify({ ...messageOf(draft), ...change }) });

/** The request with parts of its `params` replaced; undefined takes one out. */
export const withParams = (draft: Draft, change: object): Partial<Draft> =>
  withMessage(draft, { params: { ...(messageOf(draft)['params'] as object | undefined), ...change } });

/** The request with parts of its `_meta` replaced; undefined takes one out. */
export function withMeta(draft: Draft, change: object): Partial<Draft> {
  const params = messageOf(draft)['params'] as { _meta?: object } | undefined;
  return withParams(draft, { _meta: { ...params?._meta, ...change } });
}
