import type { ObservedLimit } from './budget.ts';
import type { UpstreamLimit } from '../connector/connector.ts';
import type { ErrorCode } from '../errors.ts';
import type { RetryClass } from '../connector/http.ts';

/** What is about to be sent upstream, as far as guarding it needs to know. */
export interface Attempt {
  readonly connector: string;
  /** The connection's id. Breaker, bulkhead and budget are kept for (connector, connection), so that no tenant feels another's. */
  readonly connection: string;
  /** Method and path template, for logs: `POST /api/v2/tickets`. */
  readonly operation: string;
  readonly retry: RetryClass;
  /** Ends waiting and trying. */
  readonly signal: AbortSignal;
  /** No wait may reach beyond it. Clock time. */
  readonly deadlineAt: number;
  /** The vendor's budget that each attempt spends. */
  readonly limit?: NamedLimit | undefined;
  /** Who it is for: a principal's id, `job:<name>`, `check`. Users of a connection take turns where they wait for its budget. */
  readonly user?: string | undefined;
  /** Told of everything that happens, as it happens. Must not throw. */
  onEvent?(event: ResilienceEvent): void;
}

/** One of a connector's limits. */
export interface NamedLimit extends UpstreamLimit {
  readonly name: string;
}

/** One thing that happened around an upstream request. */
export type ResilienceEvent =
  /** An attempt ended. `code` is absent where it succeeded. */
  | { readonly kind: 'attempt'; readonly attempt: number; readonly ms: number; readonly code?: ErrorCode | undefined }
  /** The next attempt waits. */
  | { readonly kind: 'wait'; readonly attempt: number; readonly ms: number; readonly reason: 'backoff' | 'retry-after' | 'budget' };

/** `closed` lets requests through; `open` refuses them; `half-open` lets one through to see. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * What an action throws when the vendor failed it. Anything else that it throws is a fault and is neither retried nor counted by the
 * breaker.
 */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly code: ErrorCode;
  /** Whether the vendor may have acted on the attempt. */
  readonly executed: 'yes' | 'no' | 'unknown';
  /** Whether another attempt might end better: rate limits, failures, losses; not refusals. */
  readonly transient: boolean;
  readonly retryAfterMs: number | undefined;
  /** HTTP status, where there was an answer. */
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

/** What guards each upstream request: retry, breaker, budget, bulkhead, timeout, from the outside in. */
export interface Resilience {
  /**
   * Runs `action` as often as `attempt.retry` allows. Throws the last {@link UpstreamError}, or one of its own with the code
   * CIRCUIT_OPEN, OVERLOADED or RATE_LIMITED where the action was not run; `attempt.signal`'s reason on abort. The signal that the
   * action gets also ends on the attempt's own timeout.
   */
  execute<R>(attempt: Attempt, action: (signal: AbortSignal) => Promise<R>): Promise<R>;
  /** Takes in what the vendor said of a connection's limit. Returns at once; attempts that follow go by it. */
  observe(connector: string, connection: string, limit: NamedLimit, seen: ObservedLimit): void;
  /** The breaker of a connection, for health pages. `closed` where nothing is known of it. */
  breaker(connector: string, connection: string): BreakerState;
}
