import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

describe('two writes that meet inside Zendesk', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const collide = (match: string, times = 1) =>
    account.sandbox.misbehave({
      kind: 'status',
      status: 409,
      body: { error: 'DatabaseConflict', description: 'Database collision' },
      match,
      times,
    });
  const sent = (route: string) => account.sandbox.requests.filter((request) => request.route === route).length;

  const idempotent = [
    ['zendesk_create_ticket', 'POST /api/v2/tickets', { subject: 'a', body: 'b' }],
    ['zendesk_create_or_update_user', 'POST /api/v2/users/create_or_update', { email: 'a@example.org', name: 'A' }],
    ['zendesk_apply_tags', 'PUT /api/v2/tickets/{id}/tags', { ticketId: 3, tags: ['x'] }],
  ] as const;
  const others = [
    ['zendesk_update_ticket', 'PUT /api/v2/tickets/{id}', { ticketId: 3, priority: 'low' }],
    ['zendesk_add_comment', 'PUT /api/v2/tickets/{id}', { ticketId: 3, body: 'b' }],
  ] as const;

  it.each(idempotent)('are repeated by %s, which no repetition harms', async (tool, route, args) => {
    collide(route);
    await account.call(tool, args);
    expect(sent(route)).toBe(2);
  });

  it.each([...idempotent, ...others])('are no change of someone else in the error of %s', async (tool, route, args) => {
    collide(route, 10);
    const failure = await account.failure(tool, args);
    expect(failure).toMatch(/^UPSTREAM_UNAVAILABLE: Two writes met inside Zendesk, so this one was not made\..* make the same call again/);
    expect(failure).not.toMatch(/someone else|get_ticket/i);
  });

  it.each(others)('are left to the caller by %s, which sends each write once', async (tool, route, args) => {
    collide(route);
    await account.failure(tool, args);
    expect(sent(route)).toBe(1);
    await account.call(tool, args);
  });
});

describe('a ticket that is closed', () => {
  it.each([
    ['zendesk_update_ticket', { ticketId: 4, status: 'open' }],
    ['zendesk_add_comment', { ticketId: 4, body: 'b' }],
    ['zendesk_apply_tags', { ticketId: 4, tags: ['x'] }],
  ])('ends %s with the reason that it is closed permanently', async (tool, args) => {
    const account = await startAccount();
    const ticket = account.sandbox.tickets.get(4);
    if (ticket) ticket.status = 'closed';
    expect(await account.failure(tool, args)).toMatch(/^UPSTREAM_REJECTED: The ticket is closed permanently/);
    await account.close();
  });
});
