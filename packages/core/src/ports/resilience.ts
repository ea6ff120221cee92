import type { ObservedLimit } from './budget.ts';
import type { UpstreamLimit } from '../connector/connector.ts';
import type { ErrorCode } from '../errors.ts';
import type { RetryClass } from '../connector/http.ts';

/** An upstream request, as its guards see it. */
export interface Attempt {
  readonly connector: string;
  /**
   * The connection's id. Breakers, bulkheads and budgets are separate per connector and connection, so tenants do not affect each other.
   */
  readonly connection: string;
  /** Method and path template, for logs: `POST /api/v2/tickets`. */
  readonly operation: string;
  readonly retry: RetryClass;
  /** Aborts all waits and attempts. */
  readonly signal: AbortSignal;
  /** The latest time at which a wait may end, in the host clock's time. */
  readonly deadlineAt: number;
  /** The vendor's limit that each attempt counts against. */
  readonly limit?: NamedLimit | undefined;
  /**
   * The user that makes the request: a principal's id, `job:<name>` or `check`. Users of a connection take turns when they wait for its
   * budget.
   */
  readonly user?: string | undefined;
  /** Receives every event as it happens. Must not throw. */
  onEvent?(event: ResilienceEvent): void;
}

/** A connector's limit, with its name. */
export interface NamedLimit extends UpstreamLimit {
  readonly name: string;
}

/** An event in the course of an upstream request. */
export type ResilienceEvent =
  /** An attempt ended. `code` is absent if it succeeded. */
  | { readonly kind: 'attempt'; readonly attempt: number; readonly ms: number; readonly code?: ErrorCode | undefined }
  /** The next attempt waits. */
  | { readonly kind: 'wait'; readonly attempt: number; readonly ms: number; readonly reason: 'backoff' | 'retry-after' | 'budget' };

/** `closed` lets requests through, `open` refuses them, `half-open` lets one request through as a test. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Thrown by an action when the vendor fails or refuses a request. Other errors count as bugs. They are not retried, and the breaker ignores
 * them.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code: ErrorCode;
  /** Whether the vendor executed the attempt. */
  readonly executed: 'yes' | 'no' | 'unknown';
  /**
   * Whether another attempt may succeed, as after a rate limit, a failure, a lost answer or the renewal of a token. Other refusals are not
   * transient.
   */
  readonly transient: boolean;
  readonly retryAfterMs: number | undefined;
  /** The HTTP status, if there was a response. */
  readonly status: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: {
      executed: 'yes' | 'no' | 'unknown';
      transient: boolean;
      retryAfterMs?: number | undefined;
      status?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.executed = details.executed;
    this.transient = details.transient;
    this.retryAfterMs = details.retryAfterMs;
    this.status = details.status;
  }
}

/** Guards each upstream request, from the outside in: retry, breaker, budget, bulkhead, timeout. */
export interface Resilience {
  /**
   * Runs `action`, and repeats it after a failure if `attempt.retry` allows that. The action's signal also aborts on the attempt's timeout.
   *
   * @throws {UpstreamError} the action's last error; or CIRCUIT_OPEN, OVERLOADED or RATE_LIMITED if the action did not run.
   * @throws the reason of `attempt.signal` on abort.
   */
  execute<R>(attempt: Attempt, action: (signal: AbortSignal) => Promise<R>): Promise<R>;
  /** Records the vendor's report on a connection's limit. Returns at once. Later attempts use the report. */
  observe(connector: string, connection: string, limit: NamedLimit, seen: ObservedLimit): void;
  /** Returns the state of a connection's breaker, for health pages. `closed` if the connection is unknown. */
  breaker(connector: string, connection: string): BreakerState;
}
