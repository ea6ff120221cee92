import type { MaybePromise } from '../lib/maybe-promise.ts';

/** Allows a number of requests per window. */
export interface RateLimitRule {
  readonly limit: number;
  readonly windowMs: number;
}

/** The decision on one request. */
export interface RateLimitDecision {
  readonly allowed: boolean;
  /** The rule that refused the request. If none did, the rule with the fewest requests left. */
  readonly rule: RateLimitRule;
  /** Requests left under that rule. */
  readonly remaining: number;
  /** Milliseconds until the rule's next window. */
  readonly resetMs: number;
}

/** Limits the rate of requests per key, such as an API key or a network address. */
export interface RateLimit {
  /** Counts one request, synchronously if possible. Refused requests do not count. */
  take(key: string): MaybePromise<RateLimitDecision>;
}
