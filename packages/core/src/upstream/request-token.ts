import { z } from 'zod';
import type { TokenEndpoint } from '../connector/authorization.ts';
import { ToolError } from '../errors.ts';
import type { Fields } from '../connector/http.ts';
import { UpstreamError } from '../ports/resilience.ts';
import { HttpClientError } from '../ports/http-client.ts';
import { readFailure, waitOf } from './failure.ts';
import { marginMs, type AccessToken } from './held-token.ts';
import { readBody } from './read-body.ts';
import { formBody } from './request-url.ts';
import type { TokenSourceOptions } from './token-source.ts';

/** What to ask a token endpoint. */
export interface TokenRequest {
  readonly endpoint: TokenEndpoint;
  /** The grant and what proves it. */
  readonly fields: Fields;
  /** What a person must do where the vendor takes the client but not what it shows (`invalid_grant`). */
  readonly ungranted: string;
}

/** What a token endpoint gave. */
export interface IssuedToken {
  readonly access: AccessToken;
  /** The refresh token to use from now on, where there is a new one. */
  readonly refreshToken?: string | undefined;
}

/** A token request, repetitions included, takes no longer than this. */
export const requestTimeoutMs = 15_000;
const defaultTtlMs = 30 * 60_000;
const maxAnswerBytes = 64 * 1024;

// Some vendors write null or 0 for a life that they do not state.
const tokenAnswer = z.looseObject({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
  refresh_token: z.string().min(1).optional().catch(undefined),
});
const errorAnswer = z.looseObject({ error: z.string().regex(/^[a-z_]{1,40}$/) });

/**
 * Asks the vendor for a token. Repeated within {@link requestTimeoutMs} after whatever passes: a second token does no harm, and where a
 * refresh token may have been used up by a lost answer, the vendors that forgive it do so for a moment only.
 *
 * @throws {ToolError} UNAUTHENTICATED with what a person must do; UPSTREAM_INVALID; or what kept the vendor from answering.
 */
export async function requestToken({ endpoint, fields, ungranted }: TokenRequest, options: TokenSourceOptions): Promise<IssuedToken> {
  const { clock, origins, resilience, httpClient } = options;
  const url = new URL(endpoint.tokenUrl);
  if (!origins.allows(url.origin)) throw new TypeError(`The token URL's origin ${url.origin} is not among the connector's origins`);
  const all = { ...fields, scope: endpoint.scope, ...endpoint.fields };
  const type = endpoint.body === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  const body = endpoint.body === 'json' ? JSON.stringify(all) : formBody(all);

  async function attemptOnce(signal: AbortSignal): Promise<IssuedToken> {
    const askedAt = clock.now();
    const response = await httpClient.send({
      method: 'POST',
      url,
      headers: { accept: 'application/json', 'content-type': type },
      body,
      remap: options.remap(url.origin),
      signal,
    });
    const data = await readBody(response.body, maxAnswerBytes);
    if (response.status < 200 || response.status > 299) throw refusal(response.status, response.headers, data, ungranted, clock.now());
    const parsed = tokenAnswer.safeParse(data);
    if (!parsed.success) throw invalid('The vendor’s token answer holds no access token.');
    const { access_token, expires_in, refresh_token } = parsed.data;
    const origin = endpoint.origin?.(parsed.data);
    if (origin !== undefined && !origins.allows(origin))
      throw invalid('The vendor’s token names an origin that the connector does not allow.');
    // A life is counted from before the vendor's own count, so that no delay prolongs it.
    const ttlMs = expires_in === undefined ? (endpoint.ttlMs ?? defaultTtlMs) : expires_in * 1000;
    const expiresAt = askedAt + Math.max(ttlMs, marginMs + 1000);
    return { access: { version: options.version, accessToken: access_token, origin, expiresAt }, refreshToken: refresh_token };
  }

  // It belongs to no call, so it has a time of its own; and guards of its own, since the requests that wait for it hold slots.
  const over = new AbortController();
  const own = new AbortController();
  clock.sleep(requestTimeoutMs, over.signal).then(
    () =>
      own.abort(new ToolError('UPSTREAM_UNAVAILABLE', `The vendor gave no token within ${requestTimeoutMs / 1000} s. Try again later.`)),
    () => {},
  );
  const attempt = {
    connector: options.connector,
    connection: `${options.connection}#token`,
    operation: `POST ${url.pathname}`,
    retry: 'safe' as const,
    signal: own.signal,
    deadlineAt: clock.now() + requestTimeoutMs,
  };
  try {
    return await resilience.execute(attempt, (signal) => attemptOnce(signal).catch((error: unknown) => Promise.reject(lostOr(error))));
  } catch (error) {
    if (error instanceof UpstreamError) throw new ToolError(error.code, error.message, { cause: error, retryAfterMs: error.retryAfterMs });
    throw error;
  } finally {
    over.abort();
  }
}

function lostOr(error: unknown): unknown {
  if (!(error instanceof HttpClientError)) return error;
  return new UpstreamError('UPSTREAM_UNAVAILABLE', 'The vendor’s token endpoint could not be reached.', {
    executed: error.sent,
    transient: true,
    cause: error,
  });
}

const invalid = (message: string): UpstreamError => new UpstreamError('UPSTREAM_INVALID', message, { executed: 'yes', transient: false });

function refusal(status: number, headers: Headers, data: unknown, ungranted: string, nowMs: number): UpstreamError {
  if (status === 400 || status === 401 || status === 403) {
    // The vendor's word for it is one of a few (RFC 6749, 5.2). Its description might repeat what was sent.
    const word = errorAnswer.safeParse(data).data?.error;
    const message =
      word === 'invalid_grant'
        ? `The vendor gives this connection no token (${word}). ${ungranted}`
        : `The vendor refused the connection’s OAuth client${word === undefined ? '' : ` (${word})`}. ` +
          'Someone must correct its id, its secret or key, or its scope in the connection’s settings.';
    return new UpstreamError('UNAUTHENTICATED', message, { executed: 'no', transient: false, status });
  }
  const failure = readFailure({ status, headers, data: undefined });
  return new UpstreamError(failure.code, `No token could be had: ${failure.message}`, {
    executed: 'no',
    transient: status === 429 || status >= 500,
    retryAfterMs: waitOf(failure.code, headers, nowMs),
    status,
  });
}
