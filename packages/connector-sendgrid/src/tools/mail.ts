import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import { addresses, repeatedAddress } from '../addresses.ts';
import type { SendGridClient } from '../client.ts';
import { recipientCount, type Envelope } from '../mail.ts';
import { delivery, maxRecipients, readDelivery, recipients, templateData, templateId, tooMany, written } from './mail-inputs.ts';

interface Recipients {
  readonly to: readonly string[];
  readonly cc?: readonly string[] | undefined;
  readonly bcc?: readonly string[] | undefined;
}

const Sent = z.object({
  messageId: z.string().optional().describe('For sendgrid_track_email_events; absent where SendGrid gave none'),
  recipients: z.int().describe('To how many addresses SendGrid took it'),
});

const countOf = ({ to, cc = [], bcc = [] }: Recipients): number => to.length + cc.length + bcc.length;

function checkRecipients(input: Recipients, { addIssue }: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void }) {
  const count = countOf(input);
  if (count > maxRecipients) return addIssue({ code: 'custom', path: ['to'], message: tooMany(count) });
  const twice = repeatedAddress([...input.to, ...(input.cc ?? []), ...(input.bcc ?? [])]);
  if (twice !== undefined) addIssue({ code: 'custom', path: ['to'], message: `Name ${twice} once in to, cc and bcc` });
}

const envelopeOf = ({ to, cc, bcc }: Recipients): Envelope => ({ to: addresses(to), cc: addresses(cc), bcc: addresses(bcc) });

export const mailTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_send_email',
    description:
      'Sends one e-mail with SendGrid. It cannot be taken back. SendGrid’s acceptance is no delivery: that is told by sendgrid_track_email_events. Use sendgrid_send_template_email where a template exists, and sendgrid_send_bulk_emails for many people who shall not see each other.',
    effect: 'write',
    input: z
      .object({ ...recipients, ...written, ...delivery })
      .superRefine(checkRecipients)
      .refine(({ text, html }) => text !== undefined || html !== undefined, 'Give text, html or both'),
    output: Sent,
    units: countOf,
    run: async (input, client, context) => {
      const { subject, text, html } = input;
      const envelopes = [envelopeOf(input)];
      const messageId = await client.sendMail(context, { envelopes, subject, text, html, ...readDelivery(client, input) });
      return { ...(messageId && { messageId }), recipients: recipientCount(envelopes) };
    },
  }),

  tool({
    name: 'sendgrid_send_template_email',
    description:
      'Sends one e-mail made of a SendGrid template, which brings subject and text. It cannot be taken back. Read the template’s placeholders with sendgrid_get_template first. SendGrid’s acceptance is no delivery: that is told by sendgrid_track_email_events.',
    effect: 'write',
    input: z.object({ templateId, data: templateData, ...recipients, ...delivery }).superRefine(checkRecipients),
    output: Sent,
    units: countOf,
    run: async (input, client, context) => {
      const envelopes = [{ ...envelopeOf(input), data: input.data }];
      const messageId = await client.sendMail(context, { envelopes, templateId: input.templateId, ...readDelivery(client, input) });
      return { ...(messageId && { messageId }), recipients: recipientCount(envelopes) };
    },
  }),
];
