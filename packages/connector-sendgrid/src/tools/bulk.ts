import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SendGridClient } from '../client.ts';
import { recipientCount } from '../mail.ts';
import { addressCount, planBulk } from '../plan-bulk.ts';
import {
  delivery,
  legacyData,
  maxRecipients,
  plainContent,
  readDelivery,
  takesData,
  templateData,
  templateId,
  tooManyRecipients,
} from './mail-inputs.ts';

// The tool checks each address separately, so that an invalid address does not stop the e-mail to the others.
const address = z.string();

const Message = z.object({
  to: address.describe('Recipient: name@example.com or Name <name@example.com>'),
  cc: z.array(address).max(maxRecipients).optional().describe('Recipients of a copy, at most 1,000. Absent: none'),
  bcc: z.array(address).max(maxRecipients).optional().describe('Recipients of a hidden copy, at most 1,000. Absent: none'),
  data: templateData,
});

export const bulkTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_send_bulk_emails',
    description:
      'Sends an e-mail to each of many people, who do not see each other, in one SendGrid request: the same text, or one template filled for each. At most 1,000 recipients over to, cc and bcc. It cannot be taken back. Reports for each recipient whether SendGrid accepted it or why it was not sent; sendgrid_track_email_events reports delivery.',
    effect: 'write',
    input: z
      .object({
        messages: z.array(Message).min(1).max(maxRecipients).describe('One message per person, 1 to 1,000'),
        templateId: templateId.optional().describe('Template id, instead of subject, text and html. Absent: those are used'),
        ...plainContent,
        subject: plainContent.subject.optional().describe('Subject, at most 998 characters. Absent: the template’s'),
        ...delivery,
      })
      .superRefine(({ messages }, { addIssue }) => {
        const count = addressCount(messages);
        if (count > maxRecipients) addIssue({ code: 'custom', path: ['messages'], message: tooManyRecipients(count) });
      })
      .superRefine(({ templateId: template, subject, text, html, messages }, { addIssue }) => {
        const problem = (path: string, message: string): void => addIssue({ code: 'custom', path: [path], message });
        const hasText = text !== undefined || html !== undefined;
        if (template !== undefined && (subject !== undefined || hasText))
          problem('templateId', 'Give templateId, or subject with text or html, not both');
        if (template === undefined && (subject === undefined || !hasText))
          problem('subject', 'Give subject with text or html, or a templateId');
        if (template === undefined && messages.some(({ data }) => data !== undefined))
          problem('messages', 'data fills a template: give templateId with it');
        if (template !== undefined && !takesData(template) && messages.some(({ data }) => data !== undefined))
          problem('messages', legacyData);
      }),
    output: z.object({
      messageId: z.string().optional().describe('For sendgrid_track_email_events; absent if SendGrid returned none'),
      accepted: z.int().describe('How many recipients SendGrid accepted'),
      notSent: z.int().describe('How many were left out; see recipients for the reasons'),
      recipients: z
        .array(
          z.object({
            message: z.int().describe('Index of the message, from 0'),
            field: z.enum(['to', 'cc', 'bcc']).describe('Field of the address'),
            address: z.string().describe('The address as given'),
            status: z.enum(['accepted', 'not_sent']).describe('accepted: SendGrid accepted it, which is not delivery yet'),
            reason: z.string().optional().describe('Why it was not sent'),
          }),
        )
        .describe('Every recipient, in the order given'),
    }),
    units: ({ messages }) => recipientCount(planBulk(messages).envelopes),
    run: async (input, client, context) => {
      const { subject, text, html } = input;
      const { envelopes, recipients } = planBulk(input.messages);
      if (envelopes.length === 0) {
        const reasons = recipients.slice(0, 5).map(({ address: given, refusal }) => `“${given}” ${refusal}`);
        throw new ToolError(
          'INVALID_INPUT',
          `Nothing was sent, because no recipient is valid. ${reasons.join('; ')}. Correct the recipients and call again.`,
        );
      }
      const content = { subject, text, html, templateId: input.templateId };
      const messageId = await client.sendMail({ envelopes, ...content, ...readDelivery(client, input) }, context);
      const accepted = recipientCount(envelopes);
      return {
        ...(messageId && { messageId }),
        accepted,
        notSent: recipients.length - accepted,
        recipients: recipients.map(({ refusal, ...recipient }) =>
          refusal === undefined
            ? { ...recipient, status: 'accepted' as const }
            : { ...recipient, status: 'not_sent' as const, reason: refusal },
        ),
      };
    },
  }),
];
