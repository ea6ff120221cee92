import type { ServerResponse } from 'node:http';
import type { RateLimitDecision } from '../../ports/rate-limit.ts';
import { HttpError } from './http-error.ts';
import { setHeaders, type ResponseHeaders } from './response-headers.ts';

/**
 * Returns the headers that report a rate limit to the client: the fields of the IETF draft (draft-ietf-httpapi-ratelimit-headers), and the
 * `X-RateLimit-*` headers that most clients read. `X-RateLimit-Reset` is a time in seconds since the epoch.
 */
export function rateLimitHeaders({ rule, remaining, resetMs }: RateLimitDecision, now: number): ResponseHeaders {
  return {
    'ratelimit-policy': `"default";q=${rule.limit};w=${Math.ceil(rule.windowMs / 1_000)}`,
    ratelimit: `"default";r=${remaining};t=${Math.ceil(resetMs / 1_000)}`,
    'x-ratelimit-limit': rule.limit,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': Math.ceil((now + resetMs) / 1_000),
  };
}

/**
 * Sets the response's rate limit headers, and returns the error for a request over its rate limit.
 *
 * @param whose Whose limit it is, if not the caller's own. Callers behind a proxy share an address, and would suspect their key.
 */
export function refusedByRateLimit(decision: RateLimitDecision, now: number, response: ServerResponse, whose = ''): HttpError {
  const { rule, resetMs } = decision;
  setHeaders(response, rateLimitHeaders(decision, now));
  const wait = Math.max(1, Math.ceil(resetMs / 1_000));
  return new HttpError(
    429,
    'RATE_LIMITED',
    `Rate limit of ${rule.limit} requests per ${windowName(rule.windowMs)}${whose} reached. Wait ${wait} s, then call again.`,
    {
      headers: { 'retry-after': String(wait) },
      reason: 'rate-limit',
    },
  );
}

const windows: Readonly<Record<number, string>> = { 1_000: 'second', 60_000: 'minute', 3_600_000: 'hour', 86_400_000: 'day' };

const windowName = (ms: number): string => windows[ms] ?? `${ms / 1_000} s`;
