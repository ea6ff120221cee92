import type { UpstreamLimit } from '../connector/connector.ts';

/** Keeps a connection's requests within the vendor's limits. */
export interface Budget {
  /**
   * Reserves capacity for one request, and waits for it if necessary. Call the returned function when the request has ended. Users take
   * turns while they wait. If the request has to wait for the vendor, `onWait` receives the length of the wait in milliseconds, and then
   * the length of every extension.
   *
   * @throws {UpstreamError} RATE_LIMITED if capacity would become free only after the deadline, OVERLOADED if too many requests are
   *   waiting.
   * @throws the signal's reason on abort.
   */
  take(key: string, limit: UpstreamLimit, until: BudgetRequest, onWait: (ms: number) => void): Promise<() => void>;
  /**
   * Records the vendor's report on a limit, for all replicas. If the reported and the counted remainders differ, the smaller one applies. A
   * report that arrives late frees no capacity. Returns at once. The next `take` uses the report.
   */
  observe(key: string, limit: UpstreamLimit, seen: ObservedLimit): void;
}

/** The user that asks for capacity, and how long the request may wait. */
export interface BudgetRequest {
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  /** Users take turns. All requests without a user count as one user. */
  readonly user?: string | undefined;
}

/**
 * A limit, as the vendor's answer reported it. A time more than one hour ahead counts as one hour ahead. After that hour, one request tests
 * the limit again.
 */
export interface ObservedLimit {
  /** Requests per window. Replaces the declared number until the vendor reports another number. */
  readonly limit?: number;
  /** Requests left until `resetAt`. Without `resetAt`, the number applies until the window ends, or for one minute if that is shorter. */
  readonly remaining?: number;
  readonly resetAt?: number;
  /** The vendor refused a request and accepts no other before this time. */
  readonly closedUntil?: number;
}
