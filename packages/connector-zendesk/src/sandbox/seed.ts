import type { Clock } from '@busbar/core';
import { seedFields } from './seed-fields.ts';
import { timestamp, type Records, type UserRecord } from './records.ts';

/** Fills an account with fictitious people and tickets. Returns the agent whom the credentials belong to. */
export function seed(records: Records, clock: Clock, agentEmail: string): UserRecord {
  const { id: bakery } = records.addOrganization({
    name: 'Example Bakery',
    domain_names: ['example.com'],
    tags: ['food'],
    details: '1 Example Street',
    notes: 'Pays by invoice',
    shared_tickets: true,
  });
  seedFields(records);
  const agent = records.addUser({
    name: 'Sam Agent',
    email: agentEmail,
    role: 'admin',
    verified: true,
    ticket_restriction: null,
    restricted_agent: false,
  });
  const ada = records.addUser({
    name: 'Ada Example',
    email: 'ada@example.com',
    organization_id: bakery,
    tags: ['vip'],
    details: 'Head baker, Example Bakery',
  });
  const grace = records.addUser({ name: 'Grace Sample', email: 'grace@example.org' });
  records.addUser({ name: 'Mallory Held', email: 'mallory@example.net', suspended: true });

  const day = 86_400_000;
  const ticket = (
    daysAgo: number,
    fields: { requester: UserRecord; subject: string; status: string; priority: string | null; tags: string[]; assigned: boolean },
    thread: [UserRecord, string, boolean][],
  ): void => {
    const created = clock.now() - daysAgo * day;
    const { id } = records.addTicket({
      subject: fields.subject,
      status: fields.status,
      priority: fields.priority,
      tags: fields.tags,
      requester_id: fields.requester.id,
      submitter_id: fields.requester.id,
      organization_id: fields.requester.organization_id,
      assignee_id: fields.assigned ? agent.id : null,
      description: thread[0]?.[1] ?? '',
      created_at: timestamp(created),
      updated_at: timestamp(created + (thread.length - 1) * 3_600_000),
    });
    thread.forEach(([author, body, isPublic], index) =>
      records.addComment(id, {
        author_id: author.id,
        body,
        public: isPublic,
        created_at: timestamp(created + index * 3_600_000),
        audit_id: records.nextId(),
      }),
    );
  };

  ticket(
    21,
    {
      requester: ada,
      subject: 'Invoice 1042 was charged twice',
      status: 'solved',
      priority: 'high',
      tags: ['billing', 'refund'],
      assigned: true,
    },
    [
      [ada, 'Our card was charged twice for invoice 1042. Please refund one of the payments.', true],
      [agent, 'Payment provider confirms the double charge.', false],
      [agent, 'The second payment has been refunded and should arrive within five days.', true],
    ],
  );
  ticket(
    9,
    {
      requester: grace,
      subject: 'Cannot sign in after password reset',
      status: 'pending',
      priority: 'normal',
      tags: ['login'],
      assigned: true,
    },
    [
      [grace, 'The link in the password reset e-mail says that it has expired, although I opened it at once.', true],
      [agent, 'I have sent you a new link. Does it work in a private window?', true],
    ],
  );
  ticket(
    3,
    {
      requester: ada,
      subject: 'Label printer does not print',
      status: 'open',
      priority: 'urgent',
      tags: ['hardware', 'printer'],
      assigned: false,
    },
    [[ada, 'The label printer at the shop counter blinks red and prints nothing since this morning.', true]],
  );
  ticket(
    1,
    {
      requester: grace,
      subject: 'Question about the yearly plan',
      status: 'new',
      priority: null,
      tags: ['billing', 'sales'],
      assigned: false,
    },
    [[grace, 'Can I switch from the monthly to the yearly plan in the middle of a month?', true]],
  );
  return agent;
}
