import { ticketListFields } from '../src/ticket-list.ts';
import type { ZendeskSandbox } from '../src/sandbox.ts';

type Call = <T = Record<string, any>>(tool: string, args: object) => Promise<T>;

/** Calls the tools with all their inputs, so that they send every kind of request. */
export async function makeEveryCall(sandbox: ZendeskSandbox, call: Call): Promise<void> {
  const properties = {
    priority: 'high',
    type: 'task',
    status: 'open',
    assigneeEmail: 'agent@example.com',
    groupId: 7,
    organizationId: 8,
    externalId: 'x',
    dueAt: '2026-05-01T10:00:00Z',
    customFields: [
      { id: 5, value: 'a' },
      { id: 6, value: true },
      { id: 7, value: ['b'] },
    ],
  };
  const agent = await call('zendesk_get_user', { email: 'agent@example.com' });
  const organization = await call('zendesk_get_organization', { name: 'Example Bakery' });
  await call('zendesk_get_organization', { organizationId: organization['id'] });
  await call('zendesk_get_user', { userId: agent['id'] });
  await call('zendesk_create_ticket', {
    ...properties,
    subject: 'A',
    body: 'B',
    public: false,
    tags: ['t'],
    requesterEmail: 'new@example.com',
    requesterName: 'New',
  });
  await call('zendesk_create_ticket', { subject: 'A', body: 'B', requesterId: agent['id'] });
  await call('zendesk_update_ticket', { ...properties, ticketId: 1, subject: 'A', addTags: ['t'] });
  await call('zendesk_create_ticket', { subject: 'A', body: 'B', assigneeId: agent['id'] });
  await call('zendesk_update_ticket', { ticketId: 1, assigneeId: agent['id'], removeTags: ['t'] });
  await call('zendesk_update_ticket', { ticketId: 1, priority: 'low', ifUnchangedSince: sandbox.tickets.get(1)?.updated_at });
  await call('zendesk_update_ticket', { ticketId: 2, clear: ['assignee', 'group', 'organization', 'externalId', 'dueAt'] });
  for (const priority of ['low', 'normal', 'urgent']) await call('zendesk_update_ticket', { ticketId: 2, priority });
  for (const type of ['problem', 'incident', 'question']) await call('zendesk_update_ticket', { ticketId: 2, type });
  for (const status of ['new', 'pending', 'hold', 'solved']) await call('zendesk_update_ticket', { ticketId: 2, status });
  for (const priority of ['low', 'normal', 'urgent']) await call('zendesk_create_ticket', { subject: 'A', body: 'B', priority });
  for (const type of ['problem', 'incident', 'question']) await call('zendesk_create_ticket', { subject: 'A', body: 'B', type });
  for (const status of ['new', 'pending', 'hold', 'solved']) await call('zendesk_create_ticket', { subject: 'A', body: 'B', status });
  await call('zendesk_add_comment', { ticketId: 4, body: 'B' });
  await call('zendesk_add_comment', {
    ticketId: 4,
    body: 'B',
    public: true,
    ifUnchangedSince: sandbox.tickets.get(4)?.updated_at,
  });
  await call('zendesk_get_ticket', { ticketId: 1, includeComments: true });
  for (let count = 0; count < 12; count += 1) await call('zendesk_add_comment', { ticketId: 3, body: 'B' });
  const { commentsCursor } = await call('zendesk_get_ticket', { ticketId: 3, includeComments: true });
  await call('zendesk_get_ticket', { ticketId: 3, commentsCursor });
  const filter = {
    text: 'printer "quoted"',
    requester: 'ada@example.com',
    assignee: 'none',
    organization: 'Example Bakery',
    status: ['new', 'open', 'pending', 'hold', 'solved', 'closed'],
    priority: ['low', 'normal', 'high', 'urgent'],
    tag: 'printer',
    createdAfter: '2020-01-01',
    createdBefore: '2100-01-01T00:00:00Z',
    updatedAfter: '2020-01-01T00:00:00+02:00',
    updatedBefore: '2100-01-01',
  };
  for (const order of ['newest', 'updated', 'all']) {
    const inFull = ticketListFields.filter((name) => name !== 'excerpt');
    await call('zendesk_search_tickets', { ...filter, order, detail: 'full', fields: inFull });
    await call('zendesk_search_tickets', { order, detail: 'summary', fields: ['excerpt'], status: ['open'] });
    const { nextCursor } = await call('zendesk_search_tickets', { order, limit: 1, status: ['open', 'solved'] });
    await call('zendesk_search_tickets', { cursor: nextCursor });
  }
  await call('zendesk_count_tickets', filter);
  for (const action of ['add', 'remove']) {
    await call('zendesk_apply_tags', { ticketId: 1, tags: ['t'], action });
    const ifUnchangedSince = sandbox.tickets.get(1)?.updated_at;
    await call('zendesk_apply_tags', { ticketId: 1, tags: ['u'], action, ifUnchangedSince });
  }
  for (const order of ['newest', 'oldest']) {
    await call('zendesk_list_comments', { ticketId: 3, order, detail: 'full' });
    const { nextCursor } = await call('zendesk_list_comments', { ticketId: 3, order, detail: 'summary', limit: 1 });
    await call('zendesk_list_comments', { ticketId: 3, cursor: nextCursor });
  }
  await call('zendesk_count_tickets', { text: 'printer' });
  await call('zendesk_create_or_update_user', { email: 'new@example.com', sendVerification: true });
  await call('zendesk_create_or_update_user', {
    email: 'newer@example.com',
    name: 'Newer',
    externalId: 'crm-1',
    phone: '+1 555',
    organizationId: organization['id'],
    details: 'D',
    notes: 'N',
    tags: ['t'],
  });
  const { fields } = await call<{ fields: { id: number; title: string }[] }>('zendesk_list_ticket_fields', { detail: 'full' });
  await call('zendesk_list_ticket_fields', { detail: 'summary' });
  await call('zendesk_list_ticket_fields', { fieldId: fields.find(({ title }) => title === 'Model')?.id });
  for (const has_more of [true, false]) {
    const body = { ticket_fields: [{ id: 1 }], meta: { has_more, after_cursor: 'next' } };
    sandbox.misbehave({ kind: 'status', status: 200, body, match: 'GET /api/v2/ticket_fields' });
  }
  const { nextCursor } = await call('zendesk_list_ticket_fields', {});
  await call('zendesk_list_ticket_fields', { cursor: nextCursor });
  await call('zendesk_get_job_status', { jobId: 'V3-00000000000000000000000000000001' });
}
