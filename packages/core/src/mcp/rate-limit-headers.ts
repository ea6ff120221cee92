import type { ServerResponse } from 'node:http';
import type { RateLimitDecision } from '../rate-limit.ts';
import { Refusal } from './refusal.ts';

/**
 * Tells a client how much it has left: the fields of the IETF draft (draft-ietf-httpapi-ratelimit-headers), and the X-RateLimit ones
 * that most clients read, whose reset is a time in seconds since the epoch. Throws a {@link Refusal} where nothing was left.
 */
export function showRateLimit(decision: RateLimitDecision, now: number, response: ServerResponse): void {
  const { rule, remaining, resetMs } = decision;
  const resetSeconds = Math.ceil(resetMs / 1_000);
  response.setHeader('ratelimit-policy', `"default";q=${rule.limit};w=${Math.ceil(rule.windowMs / 1_000)}`);
  response.setHeader('ratelimit', `"default";r=${remaining};t=${resetSeconds}`);
  response.setHeader('x-ratelimit-limit', rule.limit);
  response.setHeader('x-ratelimit-remaining', remaining);
  response.setHeader('x-ratelimit-reset', Math.ceil((now + resetMs) / 1_000));
  if (decision.allowed) return;
  const wait = Math.max(1, resetSeconds);
  throw new Refusal(
    429,
    'RATE_LIMITED',
    `Rate limit of ${rule.limit} requests per ${windowName(rule.windowMs)} reached. Wait ${wait} s, then call again.`,
    {
      headers: { 'retry-after': String(wait) },
      reason: 'rate-limit',
    },
  );
}

const windows: Readonly<Record<number, string>> = { 1_000: 'second', 60_000: 'minute', 3_600_000: 'hour', 86_400_000: 'day' };

const windowName = (ms: number): string => windows[ms] ?? `${ms / 1_000} s`;
