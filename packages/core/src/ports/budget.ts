import type { UpstreamLimit } from '../connector/connector.ts';

/** Keeps a connection's requests within the vendor's limits. */
export interface Budget {
  /**
   * Takes a place for one request, and waits for it if necessary. Call the returned function when the request has ended. Waiting users take
   * turns. `onWait` receives the length of a wait for the vendor, and again each time that it grows.
   *
   * @throws {UpstreamError} RATE_LIMITED if the place would come after the deadline, OVERLOADED if too many wait.
   * @throws the signal's reason on abort.
   */
  take(key: string, limit: UpstreamLimit, until: BudgetRequest, onWait: (ms: number) => void): Promise<() => void>;
  /**
   * Records the vendor's report on a limit, for all replicas. The smaller of the reported and the counted remainder applies, and a late
   * report frees nothing. Returns at once; the next `take` uses the report.
   */
  observe(key: string, limit: UpstreamLimit, seen: ObservedLimit): void;
}

/** Who asks for a place, and how long it may take. */
export interface BudgetRequest {
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  /** Users take turns. Requests without a user share one. */
  readonly user?: string | undefined;
}

/** A limit as the vendor's answer reported it. Times more than an hour ahead count as one hour; then one request asks again. */
export interface ObservedLimit {
  /** Requests per window. Replaces the declared number until the vendor reports another. */
  readonly limit?: number;
  /** Requests left until `resetAt`; without one, until the window ends, at most for a minute. */
  readonly remaining?: number;
  readonly resetAt?: number;
  /** The vendor refused a request, and accepts none before this time. */
  readonly closedUntil?: number;
}
