import type { z } from 'zod';
import type { HttpRequest } from '../connector/http.ts';
import type { NamedLimit, UpstreamError } from '../ports/resilience.ts';
import type { HttpOptions } from './http-options.ts';
import { clockSkew, toObservedLimit } from './rate-limit-status.ts';

/** Returns the limit that a request counts against. @throws {TypeError} for a name that the connector does not declare. */
export function limitOf({ connector }: HttpOptions, request: HttpRequest<z.ZodType>): NamedLimit | undefined {
  const name = request.limit ?? 'default';
  const limit = connector.limits?.[name];
  if (request.limit !== undefined && !limit) throw new TypeError(`${connector.id} has no limit named "${name}"`);
  return limit && { name, ...limit };
}

/**
 * Reports the limits in an answer's headers to the budgets. If the vendor refused the request with RATE_LIMITED, also closes the budget
 * that the request counted against, for all requests that wait for it.
 */
export function observeLimits(options: HttpOptions, request: HttpRequest<z.ZodType>, headers: Headers, refusal?: UpstreamError): void {
  const { connector, connection, resilience, clock } = options;
  let someLeft = false;
  const nowMs = clock.now();
  const skewMs = clockSkew(headers, nowMs);
  for (const [name, limit] of Object.entries(connector.limits ?? {})) {
    const observed = toObservedLimit(limit.readRateLimit?.(headers), nowMs, skewMs);
    if (!observed) continue;
    someLeft ||= (observed.remaining ?? 0) > 0;
    resilience.observe(connector.id, connection, { name, ...limit }, observed);
  }
  const limit = limitOf(options, request);
  // If requests are left, the limit that was reached is narrower than the connection, such as a limit of one record.
  if (!limit || someLeft || refusal?.code !== 'RATE_LIMITED' || refusal.retryAfterMs === undefined) return;
  resilience.observe(connector.id, connection, limit, { closedUntil: nowMs + refusal.retryAfterMs });
}
