import type { ObservedLimit } from '../ports/budget.ts';
import type { RateLimitStatus } from '../connector/connector.ts';

type HeaderValue = RateLimitStatus['limit'];

/** What a vendor's answer tells of a limit, in our time. Undefined where that is nothing. */
export function toObservedLimit(standing: RateLimitStatus | undefined, nowMs: number, skewMs: number): ObservedLimit | undefined {
  const limit = countOf(standing?.limit);
  const remaining = countOf(standing?.remaining);
  const resetAt = readResetTime(standing?.reset, nowMs, skewMs);
  // A limit of 0 would be no account; a reset alone says nothing of how much there is.
  const seen = { ...(limit && { limit }), ...(remaining !== undefined && { remaining, ...(resetAt !== undefined && { resetAt }) }) };
  return Object.keys(seen).length > 0 ? seen : undefined;
}

/**
 * The time at which a limit starts anew, in our time: given as seconds from now, or in the vendor's time as seconds or milliseconds since the
 * epoch, or as a date.
 */
export function readResetTime(told: HeaderValue, nowMs: number, skewMs: number): number | undefined {
  const value = numberOf(told);
  if (value === undefined) {
    const date = typeof told === 'string' ? Date.parse(told) : Number.NaN;
    return Number.isNaN(date) ? undefined : date - skewMs;
  }
  if (value < 0) return undefined;
  // Nothing waits 30 years, so such a number is a moment and not a duration.
  if (value <= 1e9) return nowMs + value * 1000;
  return (value > 1e11 ? value : value * 1000) - skewMs;
}

/**
 * How far the vendor's clock is ahead of ours, by the `Date` of its answer; 0 where it has none. A `Date` has whole seconds and is some time
 * on its way, so what is reckoned by it comes up to a second late, and never early.
 */
export function clockSkew(headers: Headers, nowMs: number): number {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? 0 : date - nowMs;
}

function countOf(told: HeaderValue): number | undefined {
  const value = numberOf(told);
  return value === undefined ? undefined : Math.max(0, Math.floor(value));
}

function numberOf(told: HeaderValue): number | undefined {
  // Number('') and Number(null) are 0, and would say that nothing is left.
  if (told === null || told === undefined || (typeof told === 'string' && told.trim() === '')) return undefined;
  const value = Number(told);
  return Number.isFinite(value) ? value : undefined;
}
