import type { UpstreamFailure } from '../connector/connector.ts';
import type { HttpResponse } from '../connector/http.ts';
import type { ErrorCode } from '../errors.ts';
import { clockSkew, readResetTime } from './rate-limit-status.ts';

/**
 * Returns a failure if a successful response is a web page. In that case, a proxy in front of the vendor answered, so the outcome of the
 * request is unknown.
 */
export function readPage({ status, headers }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return undefined;
  return {
    code: 'UPSTREAM_INVALID',
    message: `The vendor answered HTTP ${status} with a web page, as a proxy or a sign-in does.`,
    executed: 'unknown',
  };
}

/** Returns how long until the vendor accepts requests again, from `Retry-After`: seconds, or a date (RFC 9110). */
function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const retryAfter = headers.get('retry-after');
  if (retryAfter === null) return undefined;
  const seconds = Number(retryAfter);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - clockSkew(headers, nowMs) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/**
 * Returns how long until the vendor's limit resets, from the headers that vendors use instead of `Retry-After`. Every answer has them, so
 * they state how long to wait only if the limit is reached.
 */
function limitResetMs(headers: Headers, nowMs: number): number | undefined {
  for (const name of ['ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset', 'rate-limit-reset']) {
    const resetAt = readResetTime(headers.get(name), nowMs, clockSkew(headers, nowMs));
    if (resetAt !== undefined) return Math.max(0, resetAt - nowMs);
  }
  return undefined;
}

/** Returns how many milliseconds a failure's headers ask the client to wait before a retry. Returns undefined if they do not say. */
export function waitOf(code: ErrorCode, headers: Headers, nowMs: number): number | undefined {
  return retryAfterMs(headers, nowMs) ?? (code === 'RATE_LIMITED' ? limitResetMs(headers, nowMs) : undefined);
}
