import type { UpstreamFailure } from '../connector/connector.ts';
import { failureFromStatus } from '../connector/failure.ts';
import type { ErrorCode } from '../errors.ts';
import type { HttpResponse } from '../connector/http.ts';
import { readResetTime, clockSkew } from './rate-limit-status.ts';

/** Core's own reading of an answer that is neither 2xx nor accepted. */
export const readFailure = ({ status }: HttpResponse<unknown>): UpstreamFailure => failureFromStatus(status);

/** A success that is a web page: what stands before the vendor has spoken, and nobody knows what became of the request. */
export function readPage({ status, headers }: HttpResponse<unknown>): UpstreamFailure | undefined {
  if (!/^text\/html\b/i.test(headers.get('content-type') ?? '')) return undefined;
  return {
    code: 'UPSTREAM_INVALID',
    message: `The vendor answered HTTP ${status} with a web page, as a proxy or a sign-in does.`,
    executed: 'unknown',
  };
}

/** When the vendor will take requests again, by `Retry-After`: seconds, or a date (RFC 9110). */
function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const retryAfter = headers.get('retry-after');
  if (retryAfter === null) return undefined;
  const seconds = Number(retryAfter);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - clockSkew(headers, nowMs) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/**
 * When the vendor's limit starts anew, by the headers that vendors use in the stead of `Retry-After`. They come with every answer, so they
 * say how long to wait only where the limit is reached.
 */
function limitResetMs(headers: Headers, nowMs: number): number | undefined {
  for (const name of ['ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset', 'rate-limit-reset']) {
    const resetAt = readResetTime(headers.get(name), nowMs, clockSkew(headers, nowMs));
    if (resetAt !== undefined) return Math.max(0, resetAt - nowMs);
  }
  return undefined;
}

/** How long a failure that may be repeated asks to wait. Undefined: it does not say. */
export function waitOf(code: ErrorCode, headers: Headers, nowMs: number): number | undefined {
  return retryAfterMs(headers, nowMs) ?? (code === 'RATE_LIMITED' ? limitResetMs(headers, nowMs) : undefined);
}
