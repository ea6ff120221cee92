import { emailAddress, omitNullish, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SendGridClient } from '../client.ts';
import { keyArgument } from '../mail.ts';
import { eventNames, findEvents, ownFields, sentMessageId, type MailEvent } from '../events.ts';

const EventView = z.object({
  event: z.string().describe('What happened'),
  at: z.string().describe('Time of the event'),
  email: z.string().optional().describe('Recipient of the e-mail'),
  messageId: z.string().optional().describe('The messageId that sending returned'),
  sendKey: z.string().optional().describe('Key of the call that sent the e-mail'),
  type: z.string().optional().describe('For a bounce: bounce is permanent, blocked is temporary; for the account: its new status'),
  classification: z.string().optional().describe('SendGrid’s class of the bounce'),
  reason: z.string().optional().describe('Reason for the drop or bounce'),
  status: z.string().optional().describe('SMTP status'),
  attempt: z.string().optional().describe('Number of the deferred attempt'),
  response: z.string().optional().describe('Answer of the recipient’s server'),
  url: z.string().optional().describe('The link that was clicked'),
  unsubscribeGroupId: z.string().optional().describe('Unsubscribe group of the e-mail'),
  templateId: z.string().optional().describe('Template of the e-mail'),
  machineOpen: z.boolean().optional().describe('True: opened by the mail program, perhaps not by a person'),
  categories: z.array(z.string()).optional().describe('The e-mail’s categories'),
});

const viewEvent = (event: MailEvent): z.input<typeof EventView> => {
  const own = ownFields(event);
  return {
    event: event.event,
    at: new Date(event.timestamp * 1_000).toISOString(),
    ...omitNullish({
      email: event.email,
      messageId: event.sg_message_id === undefined ? undefined : sentMessageId(event.sg_message_id),
      sendKey: event[keyArgument],
      type: own.type,
      classification: own.bounce_classification,
      reason: own.reason,
      response: own.response,
      status: own.status,
      attempt: own.attempt,
      url: own.url,
      unsubscribeGroupId: event.asm_group_id,
      templateId: event.sg_template_id,
      machineOpen: own.sg_machine_open,
      categories: event.category?.slice(0, 10),
    }),
  };
};

const Position = z.object({
  messageId: z.string().optional(),
  sendKey: z.string().optional(),
  email: z.string().optional(),
  events: z.array(z.string()).optional(),
  since: z.number().optional(),
  limit: z.int().min(1).max(200),
  after: z.object({ page: z.string().optional(), id: z.string() }).optional(),
});
type Position = z.output<typeof Position>;

export const eventTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_track_email_events',
    description:
      'Reads the events of e-mails that were sent: processed, delivered, bounced, dropped, opened, clicked, reported as spam. Oldest first, from the newest 10,000 events that SendGrid’s Event Webhook has delivered here; an event takes seconds to minutes. An empty result does not prove that nothing was sent.',
    effect: 'read',
    input: z.object({
      messageId: z.string().min(1).max(255).optional().describe('messageId that sending returned. Absent: all messages'),
      sendKey: z.string().min(1).max(36).optional().describe('The key in the OUTCOME_UNKNOWN error of a sending tool. Absent: any'),
      email: emailAddress().optional().describe('One recipient. Absent: all'),
      events: z.array(z.enum(eventNames)).min(1).max(eventNames.length).optional().describe('Any of these. Absent: all'),
      since: z.iso.datetime({ offset: true }).optional().describe('At or after this time, such as 2026-03-01T09:30:00Z. Absent: any time'),
      limit: z.int().min(1).max(200).optional().describe('Events in a page, 1 to 200. Default: 50'),
      cursor: z.string().optional().describe('nextCursor of an earlier answer, for its next page. Absent: the first page'),
    }),
    output: z.object({
      events: z.array(EventView).describe('The page, oldest first'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ cursor, limit: size, since, ...input }, client, context) => {
      if (!client.receivesEvents)
        context.warn('This connection has no webhookKey, so it receives no events. Someone must set up SendGrid’s Event Webhook.');
      const given = { ...input, since: since === undefined ? undefined : Date.parse(since) };
      const { limit, after, ...filter }: Position = {
        ...(cursor === undefined ? { ...given, limit: 50 } : context.cursor.read(cursor, Position, given)),
        ...(size !== undefined && { limit: size }),
      };
      const { found, next } = await findEvents(client.events, filter, { limit, after, signal: context.signal });
      return {
        events: found.map(viewEvent),
        ...(next && { nextCursor: context.cursor.write({ ...filter, limit, after: next }) }),
      };
    },
  }),
];
