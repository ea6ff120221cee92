import { ToolError } from '../errors.ts';
import { UpstreamError, type BreakerState } from '../ports/resilience.ts';
import type { UpstreamRequest } from './upstream-request.ts';

/** The history of a request up to its failure. */
export interface RequestHistory {
  /** Milliseconds spent waiting between attempts and for budgets. */
  readonly waitedMs: number;
  readonly breaker: BreakerState;
}

/**
 * Turns a request's last error into the error that the tool may see. If the vendor did not cause the error and no write was lost, returns
 * the error unchanged.
 */
export function toToolError(error: unknown, upstreamRequest: UpstreamRequest, history: RequestHistory): unknown {
  const { request, operation, attempts } = upstreamRequest;
  if (upstreamRequest.hasLostWrite) {
    const why = error instanceof UpstreamError || ToolError.is(error) ? error.message : 'The answer never came.';
    const next = request.ifLost ?? 'Check whether it happened before you repeat it.';
    return new ToolError('OUTCOME_UNKNOWN', `${operation} may or may not have happened. ${why}${describe(attempts, history)} ${next}`, {
      cause: error,
    });
  }
  if (!(error instanceof UpstreamError)) return error;
  const after = error.retryAfterMs !== undefined && error.transient ? ` Try again in ${seconds(error.retryAfterMs)}.` : '';
  return new ToolError(error.code, `${error.message}${describe(attempts, history)}${after}`, {
    cause: error,
    retryAfterMs: error.transient ? error.retryAfterMs : undefined,
  });
}

/** Describes the attempts and waits. Empty after a single attempt without a wait. */
function describe(attempts: number, { waitedMs, breaker }: RequestHistory): string {
  if (attempts <= 1 && waitedMs === 0) return '';
  const waited = waitedMs > 0 ? `, waited ${seconds(waitedMs)}` : '';
  return ` (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${waited}; circuit breaker ${breaker})`;
}

const seconds = (ms: number): string => `${ms < 10_000 ? Math.ceil(ms / 100) / 10 : Math.ceil(ms / 1000)} s`;
