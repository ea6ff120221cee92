import type { RateLimitStatus } from '../connector/connector.ts';
import type { ObservedLimit } from '../ports/budget.ts';

type HeaderValue = RateLimitStatus['limit'];

/**
 * Reads the limit that the vendor's headers state, and converts its reset time to the host clock's time. Returns undefined if they state
 * none.
 */
export function toObservedLimit(status: RateLimitStatus | undefined, nowMs: number, skewMs: number): ObservedLimit | undefined {
  const limit = countOf(status?.limit);
  const remaining = countOf(status?.remaining);
  const resetAt = readResetTime(status?.reset, nowMs, skewMs);
  // A working account has no limit of 0. A reset alone does not state how much is left.
  const observed = { ...(limit && { limit }), ...(remaining !== undefined && { remaining, ...(resetAt !== undefined && { resetAt }) }) };
  return Object.keys(observed).length > 0 ? observed : undefined;
}

/**
 * Returns the time at which a limit resets, in the host clock's time. A header states it as seconds from now, or in the vendor's time: as
 * seconds or milliseconds since the epoch, or as a date.
 */
export function readResetTime(header: HeaderValue, nowMs: number, skewMs: number): number | undefined {
  const value = numberOf(header);
  if (value === undefined) {
    const date = typeof header === 'string' ? Date.parse(header) : Number.NaN;
    return Number.isNaN(date) ? undefined : date - skewMs;
  }
  if (value < 0) return undefined;
  // No limit lasts 30 years, so a greater number is a moment and not a duration.
  if (value <= 1e9) return nowMs + value * 1000;
  return (value > 1e11 ? value : value * 1000) - skewMs;
}

/**
 * Returns how many milliseconds the vendor's clock is ahead of the host's clock, according to the `Date` header of the vendor's answer.
 * Returns 0 if there is none. The header has whole seconds and takes a while to arrive. A time that is corrected by the result may
 * therefore be up to a second late, but is never early.
 */
export function clockSkew(headers: Headers, nowMs: number): number {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? 0 : date - nowMs;
}

function countOf(header: HeaderValue): number | undefined {
  const value = numberOf(header);
  return value === undefined ? undefined : Math.max(0, Math.floor(value));
}

function numberOf(header: HeaderValue): number | undefined {
  // Number('') and Number(null) are 0, which would mean that nothing is left.
  if (header === null || header === undefined || (typeof header === 'string' && header.trim() === '')) return undefined;
  const value = Number(header);
  return Number.isFinite(value) ? value : undefined;
}
