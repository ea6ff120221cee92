import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import { addresses, readRecipient, repeatedAddress } from '../addresses.ts';
import type { SendGridClient } from '../client.ts';
import { recipientCount, type Envelope } from '../mail.ts';
import {
  delivery,
  legacyData,
  maxRecipients,
  plainContent,
  readDelivery,
  recipients,
  takesData,
  templateData,
  templateId,
  tooManyRecipients,
} from './mail-inputs.ts';

interface Recipients {
  readonly to: readonly string[];
  readonly cc?: readonly string[] | undefined;
  readonly bcc?: readonly string[] | undefined;
}

const Sent = z.object({
  messageId: z.string().optional().describe('For sendgrid_track_email_events; absent if SendGrid returned none'),
  recipients: z.int().describe('Number of addresses for which SendGrid accepted it'),
});

const countOf = ({ to, cc = [], bcc = [] }: Recipients): number => to.length + cc.length + bcc.length;

function checkRecipients(input: Recipients, { addIssue }: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void }) {
  const count = countOf(input);
  if (count > maxRecipients) return addIssue({ code: 'custom', path: ['to'], message: tooManyRecipients(count) });
  const repeated = repeatedAddress([...input.to, ...(input.cc ?? []), ...(input.bcc ?? [])]);
  if (repeated !== undefined) addIssue({ code: 'custom', path: ['to'], message: `Name ${repeated} only once in to, cc and bcc` });
}

const envelopeOf = ({ to, cc, bcc }: Recipients): Envelope => ({
  to: addresses(to, readRecipient),
  cc: addresses(cc, readRecipient),
  bcc: addresses(bcc, readRecipient),
});

export const mailTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_send_email',
    description:
      'Sends one e-mail with SendGrid. It cannot be taken back. SendGrid’s acceptance is not delivery: sendgrid_track_email_events reports delivery. Use sendgrid_send_template_email if a template exists, and sendgrid_send_bulk_emails for many people who must not see each other.',
    effect: 'write',
    input: z
      .object({ ...recipients, ...plainContent, ...delivery })
      .superRefine(checkRecipients)
      .refine(({ text, html }) => text !== undefined || html !== undefined, 'Give text, html or both'),
    output: Sent,
    units: countOf,
    run: async (input, client, context) => {
      const { subject, text, html } = input;
      const envelopes = [envelopeOf(input)];
      const messageId = await client.sendMail({ envelopes, subject, text, html, ...readDelivery(client, input) }, context);
      return { ...(messageId && { messageId }), recipients: recipientCount(envelopes) };
    },
  }),

  tool({
    name: 'sendgrid_send_template_email',
    description:
      'Sends one e-mail from a SendGrid template, which supplies subject and text. It cannot be taken back. Read the template’s placeholders with sendgrid_get_template first. SendGrid’s acceptance is not delivery: sendgrid_track_email_events reports delivery.',
    effect: 'write',
    input: z
      .object({ templateId, data: templateData, ...recipients, ...delivery })
      .superRefine(checkRecipients)
      .refine(({ templateId: id, data }) => data === undefined || takesData(id), { path: ['data'], message: legacyData }),
    output: Sent,
    units: countOf,
    run: async (input, client, context) => {
      const envelopes = [{ ...envelopeOf(input), data: input.data }];
      const messageId = await client.sendMail({ envelopes, templateId: input.templateId, ...readDelivery(client, input) }, context);
      return { ...(messageId && { messageId }), recipients: recipientCount(envelopes) };
    },
  }),
];
