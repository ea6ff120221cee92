/** One request as it goes over the wire. Everything has been decided: URL, headers, body. */
export interface OutgoingRequest {
  readonly method: string;
  /** Absolute. Its origin has been checked against the connector's. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Where to connect instead of the URL's own origin, which then travels as Host. Set by the host alone, for a sandbox. */
  readonly remap?: URL | undefined;
  readonly signal: AbortSignal;
}

/** An answer whose body has not been read yet. */
export interface IncomingResponse {
  readonly status: number;
  readonly headers: Headers;
  /** The body, decompressed. Read it to its end, or return from the iterator: that closes the socket. Throws {@link HttpClientError}. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The request could not be sent, or its answer not be read. */
export class HttpClientError extends Error {
  override readonly name = 'HttpClientError';
  /** `no`: nothing reached the vendor (refused, no such host). `unknown`: it may have acted. */
  readonly sent: 'no' | 'unknown';

  constructor(message: string, sent: 'no' | 'unknown', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
  }
}

/**
 * Puts requests on the wire. One attempt each, redirects not followed, private addresses refused unless remapped. See
 * `@busbar/core/adapters/got`.
 */
export interface HttpClient {
  /** Resolves once the headers are there. Rejects with {@link HttpClientError}, or with `signal.reason` on abort. */
  send(request: OutgoingRequest): Promise<IncomingResponse>;
}
