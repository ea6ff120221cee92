import type { UpstreamLimit } from '../connector/connector.ts';

/** Keeps requests within the budgets that a vendor gives a connection. */
export interface Budget {
  /**
   * Takes one request's place, waiting for it if need be; call what it gives back when the request has ended. Those that wait are granted
   * user by user in turn. `onWait` is told how long a wait for the vendor's time is, and again where it grows.
   *
   * @throws {UpstreamError} RATE_LIMITED where the place comes after the deadline, OVERLOADED where too many wait; the signal's reason.
   */
  take(key: string, limit: UpstreamLimit, until: BudgetRequest, onWait: (ms: number) => void): Promise<() => void>;
  /**
   * Takes in what the vendor said, for all replicas. Of what it says is left and what was counted here the smaller holds; an answer that
   * comes late frees nothing. Returns at once; a `take` that follows knows of it.
   */
  observe(key: string, limit: UpstreamLimit, seen: ObservedLimit): void;
}

/** For how long, and for whom, a place may be waited for. */
export interface BudgetRequest {
  readonly signal: AbortSignal;
  readonly deadlineAt: number;
  /** Users take turns. Absent: one user with all others that have no name. */
  readonly user?: string | undefined;
}

/** What a vendor's answer told of a limit. Clock times; more than an hour ahead counts as an hour, after which one request asks again. */
export interface ObservedLimit {
  /** Requests in a window: holds instead of the declared number until another is told. */
  readonly limit?: number;
  /** Requests that are left until `resetAt`; without one, until the window ends or a minute is over. */
  readonly remaining?: number;
  readonly resetAt?: number;
  /** The vendor refused, and takes nothing before. */
  readonly closedUntil?: number;
}
