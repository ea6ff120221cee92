import type { Clock } from '@busbar/core';
import { limits } from './limits.ts';
import { failureBody, Refusal } from './refusal.ts';

const minuteMs = 60_000;
const maxRecords = 10_000;

interface Window {
  endsAt: number;
  left: number;
}

/** Counts as Zendesk does: requests, exports and updates of the account in a minute, of one user in one, and of one ticket in ten. */
export function createRateLimits(clock: Clock, allowed: { readonly requestsPerMinute?: number; readonly ticketUpdatesPerMinute?: number }) {
  const { requestsPerMinute = limits.requestsPerMinute.most, ticketUpdatesPerMinute = limits.ticketUpdatesPerMinute.most } = allowed;
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

  const takeOf = (windows: Map<number, Window>, id: number, limit: number, windowMs: number) => {
    const window = windows.get(id) ?? { endsAt: 0, left: 0 };
    windows.set(id, window);
    const [oldest] = windows.keys();
    if (windows.size > maxRecords && oldest !== undefined) windows.delete(oldest);
    return { ...take(window, limit, windowMs), left: window.left };
  };

  /** Counts what the whole account shares. @throws {Refusal} 429. */
  const takeOfAccount = (window: Window, limit: number): void => {
    const { allowed, resetSeconds } = take(window, limit, minuteMs);
    if (!allowed) throw new Refusal(429, failureBody(429).body, { 'retry-after': String(resetSeconds) });
  };

  const standing = (): Record<string, string> => {
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
    /** How the account stands. Zendesk says so with every answer, whatever its status. */
    standing,

    /** Counts a request. @throws {Refusal} 429. */
    request: (): void => takeOfAccount(account, requestsPerMinute),

    /** Counts a page of an export. @throws {Refusal} 429. */
    exportPage: (): void => takeOfAccount(exports, limits.exportsPerMinute.most),

    /** Counts an update of whichever ticket. @throws {Refusal} 429. */
    anyTicketUpdate: (): void => takeOfAccount(updates, ticketUpdatesPerMinute),

    /** Counts an update of a ticket. @throws {Refusal} 429. */
    ticketUpdate(ticket: number): Record<string, string> {
      const total = limits.ticketUpdatesInTenMinutes.most;
      const { allowed, resetSeconds, left } = takeOf(tickets, ticket, total, 10 * minuteMs);
      const headers = { 'zendesk-ratelimit-tickets-update': `total=${total}; remaining=${left}; resets=${resetSeconds}` };
      if (allowed) return headers;
      const body = { error: 'APIRateLimitExceeded', description: 'Number of allowed updates to this ticket exceeded' };
      throw new Refusal(429, body, { ...headers, 'retry-after': String(resetSeconds) });
    },

    /** Counts an update of a user. @throws {Refusal} 429. */
    userUpdate(user: number): void {
      const { allowed, resetSeconds } = takeOf(users, user, limits.userUpdatesPerMinute.most, minuteMs);
      const body = { error: 'APIRateLimitExceeded', description: 'Number of allowed updates to this user exceeded' };
      if (!allowed) throw new Refusal(429, body, { 'retry-after': String(resetSeconds) });
    },
  };
}
