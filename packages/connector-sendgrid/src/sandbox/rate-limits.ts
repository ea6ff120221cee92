import type { Clock } from '@busbar/core';
import { plainRefusal } from './refusal.ts';

const minuteMs = 60_000;

/**
 * Counts requests per minute, separately for each operation, as SendGrid does. Does not count requests to mail/send. An operation is a
 * route of the sandbox. Keeps one count per operation.
 */
export function createRateLimits(clock: Clock, requestsPerMinute: number) {
  const windows = new Map<string, { endsAt: number; left: number }>();

  const windowOf = (operation: string) => {
    const known = windows.get(operation);
    if (known && clock.now() < known.endsAt) return known;
    const started = { endsAt: clock.now() + minuteMs, left: requestsPerMinute };
    windows.set(operation, started);
    return started;
  };

  const isLimited = (operation: string | undefined): operation is string => operation !== undefined && operation !== 'POST /v3/mail/send';

  return {
    /** The headers with an operation's limit and remaining requests. SendGrid sends them with every answer, except for mail/send. */
    headers(operation: string | undefined): Record<string, string> {
      if (!isLimited(operation)) return {};
      const { endsAt, left } = windowOf(operation);
      return {
        'x-ratelimit-limit': String(requestsPerMinute),
        'x-ratelimit-remaining': String(left),
        'x-ratelimit-reset': String(Math.ceil(endsAt / 1_000)),
      };
    },
    /** Counts a request. @throws {VendorError} 429. */
    take(operation: string | undefined): void {
      if (!isLimited(operation)) return;
      const window = windowOf(operation);
      if (window.left === 0) throw plainRefusal(429);
      window.left -= 1;
    },
  };
}
