import { manualClock } from '@busbar/core/testing';
import { describe, expect, it } from 'vitest';
import { createIdempotency } from '../../src/sandbox/idempotency.ts';
import { createRateLimits } from '../../src/sandbox/rate-limits.ts';
import { createRecords } from '../../src/sandbox/records.ts';
import { createSignIn, requireScope } from '../../src/sandbox/sign-in.ts';
import { updateTicket } from '../../src/sandbox/write-ticket.ts';

const clock = manualClock();

describe('the sandbox keeps at most', () => {
  it('10,000 tickets with their comments, and drops the oldest', () => {
    const records = createRecords(clock, 'sandbox.zendesk.com');
    for (let count = 0; count < 10_002; count += 1) {
      const { id } = records.addTicket({ subject: 'A', requester_id: 1 });
      records.addComment(id, { author_id: 1, body: 'B', public: true, audit_id: 1 });
    }
    expect([records.tickets.size, [...records.tickets.keys()][0]]).toEqual([10_000, 3]);
    expect([records.comments(2).length, records.comments(3).length]).toEqual([0, 1]);
  });

  it('10,000 users, organizations and ticket fields each', () => {
    const records = createRecords(clock, 'sandbox.zendesk.com');
    for (let count = 0; count < 10_001; count += 1) {
      records.addUser({ name: 'A' });
      records.addOrganization({ name: 'B' });
      records.addTicketField({ title: 'C', type: 'text' });
    }
    expect([records.users.size, records.organizations.size, records.ticketFields.size]).toEqual([10_000, 10_000, 10_000]);
  });

  it('5,000 comments on a ticket, as Zendesk does', () => {
    const records = createRecords(clock, 'sandbox.zendesk.com');
    const me = records.addUser({ name: 'A', role: 'admin' });
    const ticket = records.addTicket({ subject: 'A', requester_id: me.id });
    for (let count = 0; count < 5_000; count += 1)
      records.addComment(ticket.id, { author_id: me.id, body: 'B', public: true, audit_id: 1 });
    expect(() => updateTicket(records, ticket, { ticket: { comment: { body: 'one more' } } }, me)).toThrow(
      expect.objectContaining({ status: 422 }),
    );
    expect(records.comments(ticket.id)).toHaveLength(5_000);
  });

  it('1,000 idempotency keys, and treats the oldest as new', () => {
    const idempotency = createIdempotency(clock);
    let writes = 0;
    const write = () => ({ status: 201, body: (writes += 1) });
    for (let key = 0; key < 1_001; key += 1) idempotency.once(`k${key}`, 'same', write);
    expect(idempotency.once('k1', 'same', write)).toMatchObject({ body: 2, headers: { 'x-idempotency-lookup': 'hit' } });
    expect(idempotency.once('k0', 'same', write)).toMatchObject({ body: 1_002, headers: { 'x-idempotency-lookup': 'miss' } });
  });

  it('100 tokens, and expires the oldest', () => {
    const signIn = createSignIn(clock, { clientId: 'c', clientSecret: 's', email: 'e', apiToken: 't' });
    const issue = () =>
      signIn.issueToken({ grant_type: 'client_credentials', client_id: 'c', client_secret: 's' }) as { access_token: string };
    const first = issue();
    const rest = Array.from({ length: 100 }, issue);
    expect(() => signIn.scopesOf(`Bearer ${first.access_token}`)).toThrow(expect.objectContaining({ status: 401 }));
    expect(() => requireScope(signIn.scopesOf(`Bearer ${rest[0]?.access_token}`), 'tickets:write')).not.toThrow();
  });

  it('the update counts of 10,000 tickets', () => {
    const limits = createRateLimits(clock, { requestsPerMinute: 1 });
    for (let count = 0; count < 30; count += 1) limits.ticketUpdate(1);
    expect(() => limits.ticketUpdate(1)).toThrow(expect.objectContaining({ status: 429 }));
    for (let ticket = 2; ticket <= 10_001; ticket += 1) limits.ticketUpdate(ticket);
    expect(() => limits.ticketUpdate(1)).not.toThrow();
  });

  it('the update counts of 10,000 users', () => {
    const limits = createRateLimits(clock, { requestsPerMinute: 1 });
    for (let count = 0; count < 5; count += 1) limits.userUpdate(1);
    expect(() => limits.userUpdate(1)).toThrow(expect.objectContaining({ status: 429 }));
    for (let user = 2; user <= 10_001; user += 1) limits.userUpdate(user);
    expect(() => limits.userUpdate(1)).not.toThrow();
  });
});
