import type { Clock } from '@busbar/core';
import { VendorError } from '@busbar/core/testing';
import { limits } from './limits.ts';
import { failureBody } from './refusal.ts';

const minuteMs = 60_000;
const maxRecords = 10_000;

interface Window {
  endsAt: number;
  left: number;
}

/**
 * Counts requests, exports and ticket updates per account per minute, updates per user per minute, and updates per ticket in ten minutes.
 */
export function createRateLimits(clock: Clock, options: { readonly requestsPerMinute?: number; readonly ticketUpdatesPerMinute?: number }) {
  const { requestsPerMinute = limits.requestsPerMinute.most, ticketUpdatesPerMinute = limits.ticketUpdatesPerMinute.most } = options;
  const account: Window = { endsAt: 0, left: 0 };
  const exports: Window = { endsAt: 0, left: 0 };
  const updates: Window = { endsAt: 0, left: 0 };
  const tickets = new Map<number, Window>();
  const users = new Map<number, Window>();

  const take = (window: Window, limit: number, windowMs: number): { allowed: boolean; resetSeconds: number } => {
    const now = clock.now();
    if (now >= window.endsAt) Object.assign(window, { endsAt: now + windowMs, left: limit });
    const allowed = window.left > 0;
    if (allowed) window.left -= 1;
    return { allowed, resetSeconds: Math.ceil((window.endsAt - now) / 1000) };
  };

  const takeFrom = (windows: Map<number, Window>, id: number, limit: number, windowMs: number) => {
    const window = windows.get(id) ?? { endsAt: 0, left: 0 };
    windows.set(id, window);
    const [oldest] = windows.keys();
    if (windows.size > maxRecords && oldest !== undefined) windows.delete(oldest);
    return { ...take(window, limit, windowMs), left: window.left };
  };

  /** Counts against a limit of the whole account. @throws {VendorError} 429. */
  const takeFromAccount = (window: Window, limit: number): void => {
    const { allowed, resetSeconds } = take(window, limit, minuteMs);
    if (!allowed) throw new VendorError(429, failureBody(429).body, { 'retry-after': String(resetSeconds) });
  };

  const headers = (): Record<string, string> => {
    const open = clock.now() < account.endsAt;
    const limit = String(requestsPerMinute);
    const remaining = String(open ? account.left : requestsPerMinute);
    const reset = String(open ? Math.ceil((account.endsAt - clock.now()) / 1000) : 60);
    return {
      'x-rate-limit': limit,
      'x-rate-limit-remaining': remaining,
      'rate-limit': limit,
      'rate-limit-remaining': remaining,
      'rate-limit-reset': reset,
      'ratelimit-limit': limit,
      'ratelimit-remaining': remaining,
      'ratelimit-reset': reset,
    };
  };

  return {
    /** The account's limit and remaining requests. Zendesk sends these headers with every answer, even a refusal. */
    headers,

    /** Counts a request. @throws {VendorError} 429. */
    request: (): void => takeFromAccount(account, requestsPerMinute),

    /** Counts a page of an export. @throws {VendorError} 429. */
    exportPage: (): void => takeFromAccount(exports, limits.exportsPerMinute.most),

    /** Counts an update of any ticket. @throws {VendorError} 429. */
    anyTicketUpdate: (): void => takeFromAccount(updates, ticketUpdatesPerMinute),

    /** Counts an update of one ticket and returns the headers of its limit. @throws {VendorError} 429. */
    ticketUpdate(ticket: number): Record<string, string> {
      const total = limits.ticketUpdatesInTenMinutes.most;
      const { allowed, resetSeconds, left } = takeFrom(tickets, ticket, total, 10 * minuteMs);
      const ticketHeaders = { 'zendesk-ratelimit-tickets-update': `total=${total}; remaining=${left}; resets=${resetSeconds}` };
      if (allowed) return ticketHeaders;
      const body = { error: 'APIRateLimitExceeded', description: 'Number of allowed updates to this ticket exceeded' };
      throw new VendorError(429, body, { ...ticketHeaders, 'retry-after': String(resetSeconds) });
    },

    /** Counts an update of a user. @throws {VendorError} 429. */
    userUpdate(user: number): void {
      const { allowed, resetSeconds } = takeFrom(users, user, limits.userUpdatesPerMinute.most, minuteMs);
      const body = { error: 'APIRateLimitExceeded', description: 'Number of allowed updates to this user exceeded' };
      if (!allowed) throw new VendorError(429, body, { 'retry-after': String(resetSeconds) });
    },
  };
}
