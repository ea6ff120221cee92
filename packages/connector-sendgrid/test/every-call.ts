import type { SendGridSandbox } from '../src/sandbox.ts';

type Call = <T = Record<string, any>>(tool: string, args: object) => Promise<T>;

/** Calls the tools with all their inputs, so that they send every kind of request. */
export async function makeEveryCall(sandbox: SendGridSandbox, call: Call): Promise<void> {
  const [dynamic] = sandbox.templates;
  const delivery = {
    from: 'Sender <sender@example.com>',
    replyTo: 'answers@example.com',
    categories: ['news'],
    sendAt: new Date(Date.now() + 3_600_000).toISOString(),
    unsubscribeGroupId: 7,
  };
  const people = { to: ['Ada <ada@example.org>', 'b@example.org'], cc: ['c@example.org'], bcc: ['d@example.org'] };
  const data = { name: 'Ada', items: [{ price: 1 }] };
  await call('sendgrid_send_email', { ...people, ...delivery, subject: 'S', text: 'T', html: '<p>T</p>' });
  await call('sendgrid_send_email', { to: ['ada@example.org'], subject: 'S', text: 'T' });
  await call('sendgrid_send_template_email', { ...people, ...delivery, templateId: dynamic?.id, data });
  await call('sendgrid_send_bulk_emails', {
    ...delivery,
    templateId: dynamic?.id,
    messages: [
      { to: 'Ada <ada@example.org>', cc: ['c@example.org'], bcc: ['d@example.org'], data },
      { to: 'b@example.org', data },
    ],
  });
  await call('sendgrid_send_bulk_emails', { messages: [{ to: 'ada@example.org' }], subject: 'S', text: 'T', html: '<p>T</p>' });
  for (const generation of ['dynamic', 'legacy']) await call('sendgrid_list_templates', { generation });
  const { nextCursor } = await call('sendgrid_list_templates', { generation: 'all', limit: 1 });
  await call('sendgrid_list_templates', { cursor: nextCursor });
  await call('sendgrid_get_template', { templateId: dynamic?.id });
  await call('sendgrid_get_template', { templateId: dynamic?.id, detail: 'full' });
  for (const list of ['bounces', 'blocks', 'invalid_emails', 'spam_reports', 'unsubscribes']) {
    await call('sendgrid_list_suppressions', {
      list,
      email: 'a',
      createdAfter: '2026-01-01T00:00:00Z',
      createdBefore: '2027-01-01T00:00:00Z',
    });
    await call('sendgrid_remove_suppression', { list, email: list === 'unsubscribes' ? 'left@example.net' : 'gone+1@example.org' });
  }
  const page = await call('sendgrid_list_suppressions', { list: 'bounces', limit: 1 });
  await call('sendgrid_list_suppressions', { list: 'bounces', cursor: page['nextCursor'] });
  const range = { startDate: '2026-03-01', endDate: '2026-03-02' };
  for (const aggregatedBy of ['day', 'week', 'month']) await call('sendgrid_get_stats', { ...range, aggregatedBy });
  await call('sendgrid_get_stats', { ...range, category: 'news' });
}
