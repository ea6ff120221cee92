import type { MaybePromise } from '../lib/maybe-promise.ts';

/** So many requests in a window. */
export interface RateLimitRule {
  readonly limit: number;
  readonly windowMs: number;
}

/** What one request found. */
export interface RateLimitDecision {
  readonly allowed: boolean;
  /** The rule that refused, or the one with the least left. */
  readonly rule: RateLimitRule;
  /** Requests left under that rule. */
  readonly remaining: number;
  /** Until the rule's window starts anew. */
  readonly resetMs: number;
}

/** Limits how often something may happen for a key: calls of an API key, requests of an address. */
export interface RateLimit {
  /** Counts one request, and answers at once where it can. A refused request is not counted. */
  take(key: string): MaybePromise<RateLimitDecision>;
}
