import type { LimitSeen } from '../budget.ts';
import type { LimitStanding } from '../connector.ts';

type Told = LimitStanding['limit'];

/** What a vendor's answer tells of a limit. Undefined where that is nothing. */
export function readStanding(standing: LimitStanding | undefined, nowMs: number): LimitSeen | undefined {
  const limit = countOf(standing?.limit);
  const remaining = countOf(standing?.remaining);
  const resetAt = readReset(standing?.reset, nowMs);
  // A limit of 0 would be no account; a reset alone says nothing of how much there is.
  const seen = { ...(limit && { limit }), ...(remaining !== undefined && { remaining, ...(resetAt !== undefined && { resetAt }) }) };
  return Object.keys(seen).length > 0 ? seen : undefined;
}

/** The time at which a limit starts anew: given as seconds from now, seconds or milliseconds since the epoch, or a date. */
export function readReset(told: Told, nowMs: number): number | undefined {
  const value = numberOf(told);
  if (value === undefined) {
    const date = typeof told === 'string' ? Date.parse(told) : Number.NaN;
    return Number.isNaN(date) ? undefined : date;
  }
  if (value < 0) return undefined;
  // Nothing waits 30 years, so such a number is a moment and not a duration.
  if (value <= 1e9) return nowMs + value * 1000;
  return value > 1e11 ? value : value * 1000;
}

function countOf(told: Told): number | undefined {
  const value = numberOf(told);
  return value === undefined ? undefined : Math.max(0, Math.floor(value));
}

function numberOf(told: Told): number | undefined {
  // Number('') and Number(null) are 0, and would say that nothing is left.
  if (told === null || told === undefined || (typeof told === 'string' && told.trim() === '')) return undefined;
  const value = Number(told);
  return Number.isFinite(value) ? value : undefined;
}
