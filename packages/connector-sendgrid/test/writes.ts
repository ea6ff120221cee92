import type { VendorWrite } from '@busbar/core/testing';
import { suppressionLists } from '../src/client.ts';
import type { SendGridSandbox } from '../src/sandbox.ts';

const mailSend = {
  route: 'POST /v3/mail/send',
  retry: 'never',
  ifLost: 'Do not send it again yet. Look in some minutes with sendgrid_track_email_events (sendKey "',
} as const;
const to = ['ada@example.org'];
const text = { subject: 'Once', text: 'and only once' };

/** Every write of the connector's tools. SendGrid has no idempotency keys, so the connector repeats none. */
export const writes: readonly VendorWrite<SendGridSandbox>[] = [
  { tool: 'sendgrid_send_email', ...mailSend, input: () => ({ to, ...text }) },
  { tool: 'sendgrid_send_template_email', ...mailSend, input: ({ templates }) => ({ to, templateId: templates[0]?.id }) },
  {
    tool: 'sendgrid_send_bulk_emails',
    variant: 'with a text',
    ...mailSend,
    input: () => ({ messages: [{ to: 'ada@example.org' }, { to: 'b@example.org' }], ...text }),
  },
  {
    tool: 'sendgrid_send_bulk_emails',
    variant: 'with a template',
    ...mailSend,
    input: ({ templates }) => ({ messages: [{ to: 'ada@example.org' }], templateId: templates[0]?.id }),
  },
  ...suppressionLists.map((list): VendorWrite<SendGridSandbox> => ({
    tool: 'sendgrid_remove_suppression',
    variant: `from ${list}`,
    route: `DELETE ${list === 'unsubscribes' ? '/v3/asm/suppressions/global' : `/v3/suppression/${list}`}/{email}`,
    retry: 'never',
    ifLost: `Look with sendgrid_list_suppressions (list "${list}", this address) and remove it again only if it is still there`,
    input: ({ suppressed }) => ({ list, email: suppressed(list)[0]?.email }),
  })),
];
