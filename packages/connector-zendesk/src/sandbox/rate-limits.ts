import type { Clock } from '@busbar/core';
import { failureBody, Refusal } from './refusal.ts';

const minuteMs = 60_000;
const updatesPerTicket = 30;
const updatesWindowMs = 600_000;
const updatesPerUser = 5;
const maxRecords = 10_000;

interface Window {
  endsAt: number;
  left: number;
}

/** Counts as Zendesk does: so many requests of the account in a minute, so many updates of one ticket in ten, and of one user in one. */
export function createRateLimits(clock: Clock, requestsPerMinute: number) {
  const account: Window = { endsAt: 0, left: 0 };
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
    request(): void {
      const { allowed, resetSeconds } = take(account, requestsPerMinute, minuteMs);
      if (!allowed) throw new Refusal(429, failureBody(429).body, { 'retry-after': String(resetSeconds) });
    },

    /** Counts an update of a ticket. @throws {Refusal} 429. */
    ticketUpdate(ticket: number): Record<string, string> {
      const { allowed, resetSeconds, left } = takeOf(tickets, ticket, updatesPerTicket, updatesWindowMs);
      const headers = { 'zendesk-ratelimit-tickets-update': `total=${updatesPerTicket}; remaining=${left}; resets=${resetSeconds}` };
      if (allowed) return headers;
      const body = { error: 'APIRateLimitExceeded', description: 'Number of allowed updates to this ticket exceeded' };
      throw new Refusal(429, body, { ...headers, 'retry-after': String(resetSeconds) });
    },

    /** Counts an update of a user. @throws {Refusal} 429. */
    userUpdate(user: number): void {
      const { allowed, resetSeconds } = takeOf(users, user, updatesPerUser, minuteMs);
      const body = { error: 'APIRateLimitExceeded', description: 'Number of allowed updates to this user exceeded' };
      if (!allowed) throw new Refusal(429, body, { 'retry-after': String(resetSeconds) });
    },
  };
}
