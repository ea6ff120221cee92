import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SendGridClient } from '../client.ts';
import { recipientCount } from '../mail.ts';
import { addressCount, planBulk } from '../plan-bulk.ts';
import { delivery, maxRecipients, readDelivery, templateData, templateId, tooMany, written } from './mail-inputs.ts';

// Each is read by itself, so that one bad address does not keep the others from their e-mail.
const address = z.string();

const Message = z.object({
  to: address.describe('Who gets it: name@example.com or Name <name@example.com>'),
  cc: z.array(address).optional().describe('Who gets a copy. Absent: nobody'),
  bcc: z.array(address).optional().describe('Who gets a hidden copy. Absent: nobody'),
  data: templateData,
});

export const bulkTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_send_bulk_emails',
    description:
      'Sends an e-mail to each of many people, who do not see each other, in one SendGrid request: the same text, or one template filled for each. At most 1,000 recipients over to, cc and bcc. It cannot be taken back. Says for each recipient whether SendGrid accepted it or why it was not sent; delivery is told by sendgrid_track_email_events.',
    effect: 'write',
    input: z
      .object({
        messages: z.array(Message).min(1).max(maxRecipients).describe('One for each person, 1 to 1,000'),
        templateId: templateId.optional().describe('Template id, in place of subject, text and html. Absent: those'),
        ...written,
        subject: written.subject.optional().describe('Subject, at most 998 characters. Absent: the template’s'),
        ...delivery,
      })
      .superRefine(({ messages }, { addIssue }) => {
        const count = addressCount(messages);
        if (count > maxRecipients) addIssue({ code: 'custom', path: ['messages'], message: tooMany(count) });
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
      }),
    output: z.object({
      messageId: z.string().optional().describe('For sendgrid_track_email_events; absent where SendGrid gave none'),
      accepted: z.int().describe('How many SendGrid took'),
      notSent: z.int().describe('How many were left out, and why under recipients'),
      recipients: z
        .array(
          z.object({
            message: z.int().describe('Which message, from 0'),
            field: z.enum(['to', 'cc', 'bcc']).describe('Where it stood'),
            address: z.string().describe('As it was given'),
            status: z.enum(['accepted', 'not_sent']).describe('accepted: SendGrid took it, which is no delivery yet'),
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
        const why = recipients.slice(0, 5).map(({ address: given, refusal }) => `“${given}” ${refusal}`);
        throw new ToolError('INVALID_INPUT', `Nothing was sent: no recipient is good. ${why.join('; ')}. Correct them and call again.`);
      }
      const content = { subject, text, html, templateId: input.templateId };
      const messageId = await client.sendMail(context, { envelopes, ...content, ...readDelivery(client, input) });
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
