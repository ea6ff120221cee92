import type { Clock } from '@busbar/core';
import { plainRefusal } from './refusal.ts';

const minuteMs = 60_000;

/** Counts as SendGrid does: each operation by itself, so many requests in a minute. Bounded by the operations that there are. */
export function createRateLimits(clock: Clock, requestsPerMinute: number) {
  const windows = new Map<string, { endsAt: number; left: number }>();

  const windowOf = (operation: string) => {
    const known = windows.get(operation);
    if (known && clock.now() < known.endsAt) return known;
    const fresh = { endsAt: clock.now() + minuteMs, left: requestsPerMinute };
    windows.set(operation, fresh);
    return fresh;
  };

  return {
    /** How an operation stands: SendGrid says so with every answer but those of mail/send. */
    standing(operation: string): Record<string, string> {
      const { endsAt, left } = windowOf(operation);
      return {
        'x-ratelimit-limit': String(requestsPerMinute),
        'x-ratelimit-remaining': String(left),
        'x-ratelimit-reset': String(Math.ceil(endsAt / 1_000)),
      };
    },
    /** Counts a request. @throws {Refusal} 429. */
    take(operation: string): void {
      const window = windowOf(operation);
      if (window.left === 0) throw plainRefusal(429);
      window.left -= 1;
    },
  };
}
