import { z } from 'zod';
import type { TokenEndpoint } from '../connector/authorization.ts';
import { failureFromStatus, refused } from '../connector/failure.ts';
import type { Fields, HttpResponse } from '../connector/http.ts';
import { ToolError } from '../errors.ts';
import { HttpClientError } from '../ports/http-client.ts';
import { UpstreamError, type Attempt } from '../ports/resilience.ts';
import { waitOf } from './failure.ts';
import { marginMs, type AccessToken } from './held-token.ts';
import { readBody } from './read-body.ts';
import { readRedirect } from './redirect.ts';
import { formBody } from './request-url.ts';
import type { TokenSourceOptions } from './token-source.ts';

/** A request to a token endpoint. */
export interface TokenRequest {
  readonly endpoint: TokenEndpoint;
  /** The grant type and its credential. */
  readonly fields: Fields;
  /** What a person must do if the vendor accepts the client but not the grant (`invalid_grant`). */
  readonly onInvalidGrant: string;
}

/** The tokens in a token endpoint's answer. */
export interface IssuedToken {
  readonly access: AccessToken;
  /** The refresh token to use from now on, if there is a new one. */
  readonly refreshToken?: string | undefined;
}

/** How long a token request may take, including retries. */
export const requestTimeoutMs = 15_000;
const defaultTtlMs = 30 * 60_000;
const maxAnswerBytes = 64 * 1024;

// Some vendors write null or 0 for a lifetime that they do not state.
const tokenAnswer = z.looseObject({
  // Printable ASCII (RFC 6749, A.12). No request with another token could be sent.
  access_token: z.string().regex(/^[\x20-\x7e]+$/),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
  refresh_token: z.string().min(1).optional().catch(undefined),
});
const errorAnswer = z.looseObject({ error: z.string().regex(/^[a-z_]{1,40}$/) });

/**
 * Requests a token from the vendor. After every temporary failure, repeats the request, within {@link requestTimeoutMs} in total. A second
 * token does no harm, and vendors that accept a refresh token again after a lost answer do so only for a short time.
 *
 * @throws {ToolError} UNAUTHENTICATED, with instructions for a person; UPSTREAM_INVALID; or the code of the failure that kept the vendor
 *   from answering.
 */
export async function requestToken(request: TokenRequest, options: TokenSourceOptions): Promise<IssuedToken> {
  const { clock, origins, resilience } = options;
  const url = new URL(request.endpoint.tokenUrl);
  if (!origins.allows(url.origin)) throw new TypeError(`The token URL's origin ${url.origin} is not among the connector's origins`);
  // A token request belongs to no call, so it has its own timeout. It has its own guards, because the requests that wait for it hold slots
  // of the connection.
  const timeout = new AbortController();
  const cancelTimer = clock.timer(requestTimeoutMs, () =>
    timeout.abort(new ToolError('UPSTREAM_UNAVAILABLE', `The vendor gave no token within ${requestTimeoutMs / 1000} s. Try again later.`)),
  );
  const attempt: Attempt = {
    connector: options.connector,
    connection: `${options.connection}#token`,
    operation: `POST ${url.pathname}`,
    retry: 'safe',
    signal: timeout.signal,
    deadlineAt: clock.now() + requestTimeoutMs,
  };
  try {
    return await resilience.execute(attempt, (signal) => attemptOnce(request, url, options, signal));
  } catch (error) {
    if (error instanceof UpstreamError) throw new ToolError(error.code, error.message, { cause: error, retryAfterMs: error.retryAfterMs });
    throw error;
  } finally {
    cancelTimer();
  }
}

async function attemptOnce(request: TokenRequest, url: URL, options: TokenSourceOptions, signal: AbortSignal): Promise<IssuedToken> {
  const requestedAt = options.clock.now();
  try {
    const { status, headers, body } = await options.httpClient.send({
      method: 'POST',
      url,
      ...encode(request),
      remap: options.remap(url.origin),
      signal,
    });
    const data = await readBody(body, { limit: maxAnswerBytes });
    if (status < 200 || status > 299) throw refusal({ status, headers, data }, request, options.clock.now());
    return readToken(data, request.endpoint, options, requestedAt);
  } catch (error) {
    if (!(error instanceof HttpClientError)) throw error;
    throw new UpstreamError('UPSTREAM_UNAVAILABLE', 'The vendor’s token endpoint could not be reached.', {
      executed: error.sent,
      transient: true,
      cause: error,
    });
  }
}

function encode({ endpoint, fields }: TokenRequest): { headers: Record<string, string>; body: string } {
  const all = { ...fields, scope: endpoint.scope, ...endpoint.fields };
  const [type, body] =
    endpoint.body === 'json' ? ['application/json', JSON.stringify(all)] : ['application/x-www-form-urlencoded', formBody(all)];
  return { headers: { accept: 'application/json', 'content-type': type }, body };
}

function readToken(data: unknown, endpoint: TokenEndpoint, { origins, version }: TokenSourceOptions, requestedAt: number): IssuedToken {
  const parsed = tokenAnswer.safeParse(data);
  if (!parsed.success) throw invalid('The vendor’s token answer holds no access token.');
  const { access_token, expires_in, refresh_token } = parsed.data;
  const origin = endpoint.origin?.(parsed.data);
  if (origin !== undefined && !origins.allows(origin))
    throw invalid('The vendor’s token names an origin that the connector does not allow.');
  // The lifetime counts from the request, which is before the vendor's own count begins, so that no delay prolongs it.
  const ttlMs = expires_in === undefined ? (endpoint.ttlMs ?? defaultTtlMs) : expires_in * 1000;
  const expiresAt = requestedAt + Math.max(ttlMs, marginMs + 1000);
  return { access: { version, accessToken: access_token, origin, expiresAt }, refreshToken: refresh_token };
}

const invalid = (message: string): UpstreamError => new UpstreamError('UPSTREAM_INVALID', message, { executed: 'yes', transient: false });

function refusal(
  { status, headers, data }: HttpResponse<unknown>,
  { endpoint, onInvalidGrant }: TokenRequest,
  nowMs: number,
): UpstreamError {
  if (status === 400 || status === 401 || status === 403) {
    // The standard defines a few codes for the reason (RFC 6749, 5.2). The message omits the vendor's description, which might repeat a
    // secret.
    const reason = errorAnswer.safeParse(data).data?.error;
    const message =
      reason === 'invalid_grant'
        ? `The vendor gives this connection no token (${reason}). ${onInvalidGrant}`
        : `The vendor refused the connection’s OAuth client${reason === undefined ? '' : ` (${reason})`}. ` +
          'Someone must correct its id, its secret or key, or its scope in the connection’s settings.';
    return new UpstreamError('UNAUTHENTICATED', message, { executed: 'no', transient: false, status });
  }
  const { origin, host } = new URL(endpoint.tokenUrl);
  const failure =
    status === 404 || status === 410 ? noEndpoint(host) : (readRedirect(status, headers, origin) ?? failureFromStatus(status));
  return new UpstreamError(failure.code, `The vendor gave no token: ${failure.message}`, {
    executed: 'no',
    transient: status === 429 || status >= 500,
    retryAfterMs: waitOf(failure.code, headers, nowMs),
    status,
  });
}

/** A host without a token endpoint is not the host of the account: it was renamed or deleted, or its address was mistyped. */
const noEndpoint = (host: string) =>
  refused(
    'CONNECTION_INVALID',
    `${host} has no token endpoint, so the account has moved or is gone, or its address is wrong. Someone must correct the connection’s settings.`,
  );
