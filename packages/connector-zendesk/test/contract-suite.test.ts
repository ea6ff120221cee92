import { connectorChecks } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { zendesk } from '../src/index.ts';
import { startZendeskSandbox } from '../src/sandbox.ts';

const checks = connectorChecks(zendesk, {
  folder: new URL('..', import.meta.url),
  sandbox: ({ canary }) => startZendeskSandbox({ clientSecret: canary, webhookSecret: `hook-${canary}` }),
  delivery: {
    id: 'e1',
    type: 'zen:event-type:ticket.created',
    subject: 'zen:ticket:1',
    time: '2026-03-01T09:30:00Z',
    detail: { id: '1', actor_id: '7' },
    event: { current: 'OPEN' },
  },
  examples: {
    zendesk_create_ticket: { subject: 'The door does not open', body: 'Since this morning.', requesterEmail: 'ada@example.com' },
    zendesk_get_ticket: { ticketId: 3, includeComments: true },
    zendesk_update_ticket: { ticketId: 3, priority: 'low', addTags: ['door'] },
    zendesk_list_comments: { ticketId: 1, limit: 2 },
    zendesk_add_comment: { ticketId: 3, body: 'It is being looked at.' },
    zendesk_apply_tags: { ticketId: 3, tags: ['door'], action: 'add' },
    zendesk_search_tickets: { text: 'printer', order: 'newest', limit: 2 },
    zendesk_count_tickets: { text: 'printer' },
    zendesk_get_user: { email: 'ada@example.com' },
    zendesk_create_or_update_user: { email: 'new@example.com', name: 'New Person' },
    zendesk_get_organization: { organizationId: 9000000000001 },
    zendesk_list_ticket_fields: {},
    zendesk_get_job_status: { jobId: 'V3-00000000000000000000000000000001' },
    zendesk_list_events: { limit: 5 },
  },
});

describe('the contract: Zendesk', () => {
  test.each(checks)('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
