import type { UpstreamLimit } from '../connector/connector.ts';

/** Keeps a connection's requests within the vendor's limits. */
export interface Budget {
  /**
   * Takes a place for one request, and waits for it if necessary. Call the returned function when the request has ended. Waiting users take
   * turns. `onWait` receives the length of a wait for the vendor, and then every extension of it.
   *
   * @throws {UpstreamError} RATE_LIMITED if the place would come after the deadline, OVERLOADED if too many requests wait.
   * @throws the signal's reason on abort.
   */
  take(key: string, limit: UpstreamLimit, until: BudgetRequest, onWait: (ms: number) => void): Promise<() => void>;
  /**
   * Records the vendor's report on a limit, for all replicas. The smaller of the reported and the counted remainder applies, and a late
   * report frees nothing. Returns at once; the next `take` uses the report.
   */
  observe(key: string, limit: UpstreamLimit, seen: ObservedLimit): void;
}

/** The user of a request for a place, and how long the request may wait. */
export interface BudgetRequest {
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  /** Users take turns. Requests without a user count as one user. */
  readonly user?: string | undefined;
}

/**
 * A limit as the vendor's answer reported it. A time more than an hour ahead counts as one hour; then one request tests the limit again.
 */
export interface ObservedLimit {
  /** Requests per window. Replaces the declared number until the vendor reports another. */
  readonly limit?: number;
  /** Requests left until `resetAt`. Without `resetAt`, requests left until the window ends, or for one minute if that is shorter. */
  readonly remaining?: number;
  readonly resetAt?: number;
  /** The vendor refused a request, and accepts none before this time. */
  readonly closedUntil?: number;
}
