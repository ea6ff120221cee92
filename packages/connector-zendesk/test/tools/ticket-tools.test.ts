import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '@busbar/core/testing';
import { startAccount, type Account } from '../start-account.ts';

interface TicketDetails {
  readonly id: number;
  readonly url: string;
  readonly updatedAt: string;
  readonly tags: string[];
  readonly description: string;
  readonly requester: { readonly name?: string; readonly email?: string };
}

describe('the ticket tools', () => {
  // Only the sandbox uses this clock. The host waits in real time.
  const clock = manualClock();
  let account: Account;

  beforeEach(async () => {
    account = await startAccount({ sandbox: { clock } });
  });
  afterEach(() => account.close());

  const sent = (route: string) => account.sandbox.requests.filter((request) => request.route === route);
  const bodyOf = (route: string) => sent(route).at(-1)?.body as { ticket: Record<string, unknown> };

  describe('zendesk_get_ticket', () => {
    it('reads a ticket with the names of its people, and without its comments', async () => {
      const answer = await account.call('zendesk_get_ticket', { ticketId: 1 });
      expect(answer).toMatchObject({
        ticket: {
          id: 1,
          subject: 'Invoice 1042 was charged twice',
          status: 'solved',
          requester: { name: 'Ada Example', email: 'ada@example.com' },
          assignee: { name: 'Sam Agent' },
          description: expect.stringContaining('charged twice'),
        },
      });
      expect(answer).not.toHaveProperty('comments');
      expect(sent('GET /api/v2/tickets/{id}/comments')).toEqual([]);
    });

    it('adds the comments, newest first, with their authors', async () => {
      const { comments } = await account.call<{ comments: object[] }>('zendesk_get_ticket', { ticketId: 1, includeComments: true });
      expect(comments).toMatchObject([
        { public: true, author: { name: 'Sam Agent' }, body: expect.stringContaining('refunded') },
        { public: false, author: { name: 'Sam Agent' } },
        { public: true, author: { name: 'Ada Example' } },
      ]);
    });

    it('pages through many comments by cursor, and refuses the cursor for another ticket', async () => {
      for (let index = 0; index < 22; index += 1) await account.call('zendesk_add_comment', { ticketId: 1, body: `note ${index}` });
      const bodies: string[] = [];
      let cursor: string | undefined;
      do {
        const page: { comments: { body: string }[]; commentsCursor?: string } = await account.call('zendesk_get_ticket', {
          ticketId: 1,
          includeComments: true,
          ...(cursor !== undefined && { commentsCursor: cursor }),
        });
        expect(page.comments.length).toBeLessThanOrEqual(10);
        bodies.push(...page.comments.map(({ body }) => body));
        if (cursor === undefined)
          expect(await account.failure('zendesk_get_ticket', { ticketId: 2, commentsCursor: page.commentsCursor })).toContain(
            'INVALID_INPUT',
          );
        cursor = page.commentsCursor;
      } while (cursor !== undefined);
      expect(bodies).toHaveLength(25);
      expect(bodies[0]).toBe('note 21');
      expect(new Set(bodies).size).toBe(25);
    });

    it('cuts long texts and says how much is missing', async () => {
      await account.call('zendesk_create_ticket', { subject: 'Long', body: 'x'.repeat(10_500) });
      const { ticket, comments } = await account.call<{ ticket: TicketDetails; comments: { body: string }[] }>('zendesk_get_ticket', {
        ticketId: 5,
        includeComments: true,
      });
      for (const text of [ticket.description, comments[0]?.body]) expect(text?.slice(9_999)).toBe('x… [500 more characters]');
    });

    it('reports an unknown ticket and says what to do next', async () => {
      expect(await account.failure('zendesk_get_ticket', { ticketId: 99 })).toBe(
        'NOT_FOUND: Zendesk has no such record, or hides it from the connection’s user. Zendesk says: Not found. Check the id, or find the record with zendesk_search_tickets or zendesk_get_user.',
      );
    });

    it('reads a ticket with hardly any fields', async () => {
      const body = {
        ticket: {
          id: 1,
          subject: null,
          tags: null,
          requester_id: null,
          assignee_id: -1,
          custom_fields: [{ id: 1, value: null }],
          news: {},
        },
        users: null,
      };
      account.sandbox.misbehave({ kind: 'status', status: 200, body, match: 'GET /api/v2/tickets/{id}' });
      expect(await account.call('zendesk_get_ticket', { ticketId: 1 })).toEqual({
        ticket: { id: 1, url: 'https://sandbox.zendesk.com/agent/tickets/1', tags: [], customFields: [] },
      });
    });
  });

  describe('zendesk_update_ticket', () => {
    const failure = (args: object) => account.failure('zendesk_update_ticket', { ticketId: 1, ...args });

    it.each([
      [{ dueAt: '2026-05-01T10:00:00Z' }, 'Only a task has a dueAt'],
      [{ dueAt: '2026-05-01T10:00:00Z', type: 'question' }, 'Only a task has a dueAt'],
      [{ addTags: ['a', 'b'], removeTags: ['B'] }, 'b is in addTags too: leave it out of one'],
      [{ addTags: [], clear: [] }, 'Give at least one field to change'],
      [{ assigneeEmail: 'agent@example.com', assigneeId: 2 }, 'Give assigneeEmail or assigneeId, not both'],
      [{ assigneeId: 2, clear: ['group', 'assignee'] }, 'assignee has a new value too: leave out one of them'],
      [
        {
          customFields: [
            { id: 5, value: 'a' },
            { id: 5, value: 'b' },
          ],
        },
        'Give field 5 only once',
      ],
    ])('refuses inputs that would have no effect: %j', async (args, words) => {
      expect(await failure(args)).toMatch(/^INVALID_INPUT: /);
      expect(await failure(args)).toContain(words);
      expect(sent('PUT /api/v2/tickets/{id}')).toEqual([]);
    });

    it('empties the fields in clear, and leaves fields that are null unchanged', async () => {
      const clear = ['assignee', 'group', 'organization', 'externalId', 'dueAt'];
      const emptied = await account.call('zendesk_update_ticket', { ticketId: 1, clear, priority: null, subject: null });
      expect(bodyOf('PUT /api/v2/tickets/{id}').ticket).toEqual({
        assignee_id: null,
        group_id: null,
        organization_id: null,
        external_id: null,
        due_at: null,
        safe_update: true,
        updated_stamp: expect.any(String),
      });
      expect(emptied).not.toHaveProperty('assignee');
    });

    it('sets when a task is due', async () => {
      await account.call('zendesk_update_ticket', { ticketId: 1, type: 'task' });
      await account.call('zendesk_update_ticket', { ticketId: 1, dueAt: '2026-05-01T10:00:00Z' });
      expect(bodyOf('PUT /api/v2/tickets/{id}').ticket).toMatchObject({ due_at: '2026-05-01T10:00:00Z' });
    });

    it('changes only the given fields, with a safe update', async () => {
      const { updatedAt } = (await account.call<{ ticket: TicketDetails }>('zendesk_get_ticket', { ticketId: 3 })).ticket;
      await clock.advance(2_000);
      const ticket = await account.call<TicketDetails>('zendesk_update_ticket', {
        ticketId: 3,
        status: 'pending',
        assigneeEmail: 'agent@example.com',
      });
      expect(ticket).toMatchObject({ id: 3, status: 'pending', subject: 'Label printer does not print', priority: 'urgent' });
      expect(ticket.updatedAt > updatedAt).toBe(true);
      expect(bodyOf('PUT /api/v2/tickets/{id}')).toEqual({
        ticket: { status: 'pending', assignee_email: 'agent@example.com', safe_update: true, updated_stamp: updatedAt },
      });
    });

    it('adds and removes tags, and keeps the others', async () => {
      const { tags } = await account.call<TicketDetails>('zendesk_update_ticket', {
        ticketId: 3,
        addTags: ['VIP', 'printer'],
        removeTags: ['hardware', 'none'],
      });
      expect(tags).toEqual(['printer', 'vip']);
    });

    it('writes nothing to a ticket that has changed since it was read', async () => {
      const { ticket } = await account.call<{ ticket: TicketDetails }>('zendesk_get_ticket', { ticketId: 3 });
      await clock.advance(2_000);
      await account.call('zendesk_add_comment', { ticketId: 3, body: 'news' });
      const failure = await account.failure('zendesk_update_ticket', { ticketId: 3, status: 'solved', ifUnchangedSince: ticket.updatedAt });
      expect(failure).toMatch(/^CONFLICT: Ticket 3 was last changed at .* so nothing was written\. Read it again with zendesk_get_ticket/);
      expect(account.sandbox.tickets.get(3)?.status).toBe('open');
    });

    it('does not overwrite a concurrent change', async () => {
      account.sandbox.misbehave({ kind: 'hang', match: 'PUT /api/v2/tickets/{id}' });
      const failure = account.failure('zendesk_update_ticket', { ticketId: 3, addTags: ['mine'] });
      await account.sandbox.received('PUT /api/v2/tickets/{id}');
      await clock.advance(2_000);
      await account.call('zendesk_update_ticket', { ticketId: 3, addTags: ['theirs'] });
      account.sandbox.recover();
      expect(await failure).toMatch(
        /^CONFLICT: Someone else has changed the ticket since you read it.* Read it again with zendesk_get_ticket, then decide\.$/,
      );
      expect(account.sandbox.tickets.get(3)?.tags).toEqual(['hardware', 'printer', 'theirs']);
    });

    it('refuses a call that changes nothing', async () => {
      expect(await account.failure('zendesk_update_ticket', { ticketId: 3, ifUnchangedSince: '2026-01-01T00:00:00Z' })).toContain(
        'Give at least one field to change',
      );
      expect(account.sandbox.requests).toEqual([]);
    });

    it('fails if Zendesk does not say when the ticket last changed', async () => {
      account.sandbox.misbehave({ kind: 'status', status: 200, body: { ticket: { id: 3 } }, match: 'GET /api/v2/tickets/{id}' });
      expect(await account.failure('zendesk_update_ticket', { ticketId: 3, status: 'open' })).toMatch(
        /^UPSTREAM_INVALID: .*cannot be updated safely/,
      );
    });
  });

  describe('zendesk_add_comment', () => {
    it('adds an internal note by default', async () => {
      const note = await account.call('zendesk_add_comment', { ticketId: 3, body: 'Spare part ordered.' });
      expect(note).toMatchObject({
        ticketId: 3,
        url: 'https://sandbox.zendesk.com/agent/tickets/3',
        public: false,
        status: 'open',
        commentId: expect.any(Number),
      });
      const reply = await account.call('zendesk_add_comment', { ticketId: 3, body: 'A new one is on its way.', public: true });
      expect(reply).toMatchObject({ public: true });
      expect(account.sandbox.comments(3).slice(1)).toMatchObject([
        { id: note['commentId'], body: 'Spare part ordered.', public: false },
        { id: reply['commentId'], body: 'A new one is on its way.', public: true },
      ]);
      expect(sent('PUT /api/v2/tickets/{id}')[0]?.body).toEqual({ ticket: { comment: { body: 'Spare part ordered.', public: false } } });
    });

    it('adds nothing to a ticket that has changed since ifUnchangedSince', async () => {
      const updatedAt = account.sandbox.tickets.get(3)?.updated_at;
      await clock.advance(2_000);
      await account.call('zendesk_add_comment', { ticketId: 3, body: 'first', ifUnchangedSince: updatedAt });
      expect(await account.failure('zendesk_add_comment', { ticketId: 3, body: 'second', ifUnchangedSince: updatedAt })).toMatch(
        /^CONFLICT: /,
      );
      expect(account.sandbox.comments(3)).toHaveLength(2);
    });

    it('says why a closed ticket accepts no comment', async () => {
      const ticket = account.sandbox.tickets.get(3);
      if (ticket) ticket.status = 'closed';
      expect(await account.failure('zendesk_add_comment', { ticketId: 3, body: 'late' })).toContain(
        'Status: closed prevents ticket update',
      );
    });
  });
});
