import { answerText } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

describe('zendesk_create_ticket', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const sentBody = () => account.sandbox.requests.findLast(({ route }) => route === 'POST /api/v2/tickets')?.body as { ticket: object };

  it('creates a ticket with all its fields', async () => {
    const ticket = await account.call('zendesk_create_ticket', {
      subject: ' Till is stuck ',
      body: 'It does not open.',
      requesterEmail: 'ada@example.com',
      priority: 'urgent',
      type: 'task',
      status: 'open',
      tags: ['Hardware', 'till'],
      assigneeEmail: 'agent@example.com',
      groupId: 77,
      externalId: 'erp-1',
      dueAt: '2026-05-01T10:00:00+02:00',
      customFields: [
        { id: 5, value: 'a' },
        { id: 6, value: true },
        { id: 7, value: ['x', 'y'] },
      ],
    });
    expect(ticket).toMatchObject({
      id: 5,
      url: 'https://sandbox.zendesk.com/agent/tickets/5',
      subject: 'Till is stuck',
      description: 'It does not open.',
      status: 'open',
      priority: 'urgent',
      type: 'task',
      tags: ['hardware', 'till'],
      groupId: 77,
      externalId: 'erp-1',
      customFields: [
        { id: 5, value: 'a' },
        { id: 6, value: 'true' },
        { id: 7, value: 'x, y' },
      ],
    });
    expect(sentBody().ticket).toEqual({
      subject: 'Till is stuck',
      comment: { body: 'It does not open.', public: true },
      requester: { email: 'ada@example.com', name: 'ada@example.com' },
      priority: 'urgent',
      type: 'task',
      status: 'open',
      tags: ['hardware', 'till'],
      assignee_email: 'agent@example.com',
      group_id: 77,
      external_id: 'erp-1',
      due_at: '2026-05-01T10:00:00+02:00',
      custom_fields: [
        { id: 5, value: 'a' },
        { id: 6, value: true },
        { id: 7, value: ['x', 'y'] },
      ],
    });
  });

  it('sends only the given fields', async () => {
    await account.call('zendesk_create_ticket', { subject: 'A', body: 'B', public: false });
    expect(sentBody()).toEqual({ ticket: { subject: 'A', comment: { body: 'B', public: false } } });
    expect(account.sandbox.comments(5)).toMatchObject([{ body: 'B', public: false }]);
  });

  it('creates a new requester by name and address', async () => {
    await account.call('zendesk_create_ticket', {
      subject: 'A',
      body: 'B',
      requesterEmail: 'new@example.com',
      requesterName: 'Nora New',
    });
    expect([...account.sandbox.users.values()].at(-1)).toMatchObject({ name: 'Nora New', email: 'new@example.com' });
  });

  it.each([
    ['two requesters', { requesterEmail: 'a@example.com', requesterId: 1 }, 'Give requesterEmail or requesterId, not both'],
    ['a name without an address', { requesterName: 'Ada' }, 'requesterName needs requesterEmail'],
    ['two assignees', { assigneeEmail: 'a@example.com', assigneeId: 1 }, 'Give assigneeEmail or assigneeId, not both'],
    ['a tag with a space', { tags: ['a b'] }, 'A tag has no spaces: use _ or -'],
    ['an empty body', { body: '  ' }, 'body'],
    ['a field that it does not have', { colour: 'red' }, 'colour'],
  ])('refuses %s before anything is sent', async (_, fields, message) => {
    const failure = await account.failure('zendesk_create_ticket', { subject: 'A', body: 'B', ...fields });
    expect(failure).toMatch(/^INVALID_INPUT: /);
    expect(failure).toContain(message);
    expect(account.sandbox.requests).toEqual([]);
  });

  it('reports Zendesk’s reason for a refusal and what to do', async () => {
    const failure = await account.failure('zendesk_create_ticket', { subject: 'A', body: 'B', requesterEmail: 'mallory@example.net' });
    expect(failure).toBe(
      'UPSTREAM_REJECTED: Zendesk rejected the request, so nothing was written. Zendesk says: requester: Requester: Mallory Held is suspended. Correct the arguments that it names and call again.',
    );
    expect(account.sandbox.tickets.size).toBe(4);
  });

  it('warns about fields that Zendesk ignored', async () => {
    const header =
      '{:allowed_parameters=>{:controller=>"tickets", :action=>"create", :unpermitted_keys=>["ticket.due_at"], :invalid_values=>[]}}';
    account.sandbox.misbehave({
      kind: 'status',
      status: 201,
      headers: { 'x-zendesk-api-warn': header },
      body: { ticket: { id: 9 } },
      match: 'POST /api/v2/tickets',
    });
    const answer = await account.answer('zendesk_create_ticket', { subject: 'A', body: 'B' });
    expect(answer.isError).toBeFalsy();
    expect(answerText(answer)).toContain('Warning: Zendesk ignored these fields: ticket.due_at.');
  });
});
