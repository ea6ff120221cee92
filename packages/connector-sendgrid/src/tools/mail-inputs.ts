import { ToolError } from '@busbar/core';
import { z } from 'zod';
import { addresses, headerText, recipientText, senderText } from '../addresses.ts';
import type { SendGridClient } from '../client.ts';
import type { Delivery } from '../mail.ts';

// Inputs that the sending tools share.

/** SendGrid's limit on recipients per request: to, cc and bcc together. */
export const maxRecipients = 1_000;
const maxAheadMs = 72 * 3_600_000;

/** The error for too many recipients. The tool has sent nothing. */
export const tooManyRecipients = (count: number): string =>
  `A call takes at most 1,000 recipients over to, cc and bcc, and these are ${count}. Split them over several calls`;

/** The recipients of one e-mail. */
export const recipients = {
  to: z
    .array(recipientText)
    .min(1)
    .max(maxRecipients)
    .describe(
      'Recipients: name@example.com or Name <name@example.com>. They see each other. At least 1, and at most 1,000 with cc and bcc',
    ),
  cc: z.array(recipientText).max(maxRecipients).optional().describe('Recipients of a copy, at most 1,000. Absent: none'),
  bcc: z
    .array(recipientText)
    .max(maxRecipients)
    .optional()
    .describe('Recipients of a copy, hidden from the others, at most 1,000. Absent: none'),
};

/** Sending options. */
export const delivery = {
  from: senderText.optional().describe('Sender, verified at SendGrid. Absent: the connection’s own'),
  replyTo: senderText.optional().describe('Address for replies. Absent: from'),
  categories: z
    .array(headerText(z.string().min(1).max(255)))
    .max(10)
    .refine((names) => new Set(names).size === names.length, 'Name each category once')
    .optional()
    .describe('Labels for statistics, at most 10, without personal data. Absent: none'),
  sendAt: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('When to send, at most 72 hours ahead, such as 2026-03-01T09:30:00Z. Absent: now'),
  unsubscribeGroupId: z.int().optional().describe('Unsubscribe group: people who left it do not get this e-mail. Absent: none'),
};

/** The content of an e-mail without a template. */
export const plainContent = {
  subject: headerText(z.string().trim().min(1).max(998)).describe('Subject, at most 998 characters'),
  text: z.string().min(1).max(500_000).optional().describe('Plain text, at most 500,000 characters. Absent: only HTML'),
  html: z.string().min(1).max(500_000).optional().describe('HTML, at most 500,000 characters. Absent: only plain text'),
};

export const templateId = z
  .string()
  .refine((id) => /^(d-)?[0-9a-f][0-9a-f-]{31,35}$/i.test(id), 'A template id looks like d-0c314114a2b745238cbca293d7d19007')
  .describe('Template id from sendgrid_list_templates');

/** Whether data can fill the template. SendGrid fills dynamic templates only, and ignores the data of any other e-mail. */
export const takesData = (id: string): boolean => id.startsWith('d-');

/** The error for data of a legacy template. The tool has sent nothing. */
export const legacyData =
  'A legacy template takes no data: SendGrid would send its tags unfilled. Use a dynamic template, whose id starts with d-, or leave data out';

export const templateData = z
  .record(z.string(), z.unknown())
  .optional()
  .describe('Values for the template’s placeholders, such as {"name": "Ada"}. Absent: none');

type DeliveryInput = z.output<z.ZodObject<typeof delivery>>;

/**
 * Converts a tool's inputs into the options of a request. @throws {ToolError} INVALID_INPUT if there is no sender, or if the time is not
 * within the next 72 hours.
 */
export function readDelivery(client: SendGridClient, { from, replyTo, categories, sendAt, unsubscribeGroupId }: DeliveryInput): Delivery {
  const at = sendAt === undefined ? undefined : Date.parse(sendAt);
  const now = client.clock.now();
  if (at !== undefined && (at < now || at > now + maxAheadMs))
    throw new ToolError('INVALID_INPUT', 'sendAt must be within the next 72 hours. Nothing was sent.');
  return {
    from: client.sender(addresses(from === undefined ? [] : [from])[0]),
    replyTo: addresses(replyTo === undefined ? [] : [replyTo])[0],
    categories,
    sendAt: at === undefined ? undefined : Math.floor(at / 1_000),
    unsubscribeGroupId,
  };
}
