import { testConnector } from '@busbar/core/testing';
import { it } from 'vitest';
import { sendgrid } from '../src/index.ts';
import { startSendGridSandbox } from '../src/sandbox.ts';

const templateId = 'd-1f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c';
const mail = { to: ['Ada Example <ada@example.org>'], cc: ['b@example.org'], bcc: ['c@example.org'] };
const delivery = { from: 'sender@example.com', replyTo: 'answers@example.com', categories: ['news'], unsubscribeGroupId: 7 };

it('the connector meets the contract', { timeout: 120_000 }, () =>
  testConnector(sendgrid, {
    sandbox: ({ canary }) => startSendGridSandbox({ apiKey: canary }),
    delivery: [
      {
        sg_event_id: 'e1',
        sg_message_id: 'm1.recvd-1',
        event: 'click',
        email: 'ada@example.org',
        timestamp: 1_770_000_000,
        url: 'https://example.org',
        category: ['news'],
      },
      {
        sg_event_id: 'e2',
        sg_message_id: 'm1.recvd-1',
        event: 'bounce',
        email: 'b@example.org',
        timestamp: 1_770_000_060,
        reason: '550 unknown',
        status: '5.1.1',
        type: 'bounce',
      },
    ],
    examples: {
      sendgrid_send_email: { ...mail, ...delivery, subject: 'Hello', text: 'Hi', html: '<p>Hi</p>' },
      sendgrid_send_template_email: { ...mail, ...delivery, templateId, data: { name: 'Ada' } },
      sendgrid_send_bulk_emails: {
        ...delivery,
        messages: [{ to: 'ada@example.org' }, { to: 'b@example.org' }],
        subject: 'Hello',
        text: 'Hi',
      },
      sendgrid_list_templates: { generation: 'all', limit: 2 },
      sendgrid_get_template: { templateId, detail: 'full' },
      sendgrid_list_suppressions: { list: 'bounces', email: 'g', limit: 1 },
      sendgrid_remove_suppression: { list: 'bounces', email: 'gone@example.org' },
      sendgrid_get_stats: { startDate: '2026-03-01', endDate: '2026-03-31', category: 'news' },
      sendgrid_track_email_events: { limit: 5 },
    },
    folder: new URL('..', import.meta.url),
  }),
);
