/** One request, ready to send. */
export interface OutgoingRequest {
  readonly method: string;
  /** An absolute URL. The host has checked that its origin is one of the connector's `origins`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** The URL to connect to instead. The `Host` header still has the host name of `url`. Only core sets this field, for sandboxes. */
  readonly remap?: URL | undefined;
  readonly signal: AbortSignal;
}

/** A response whose body is still unread. */
export interface IncomingResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The decompressed body. Read it to the end, or return from the iterator, which closes the socket. Throws {@link HttpClientError}. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Thrown if the client could not send the request or read its response. */
export class HttpClientError extends Error {
  override readonly name = 'HttpClientError';
  /** `no`: nothing reached the vendor, for example because the connection was refused. `unknown`: the vendor may have acted. */
  readonly sent: 'no' | 'unknown';

  constructor(message: string, sent: 'no' | 'unknown', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
  }
}

/**
 * Sends requests to vendors. Makes one attempt for each request, follows no redirects, and refuses private addresses unless the host
 * remapped the origin. See `@busbar/core/adapters/got`.
 */
export interface HttpClient {
  /** Resolves when the headers have arrived. Rejects with {@link HttpClientError}, or with `signal.reason` on abort. */
  send(request: OutgoingRequest): Promise<IncomingResponse>;
}
