import { z } from 'zod';
import { defineConnector, result, secret, type Context, type LogSpec } from '../../src/index.ts';

// A plugin whose webhook reports the delivery of its e-mails.

const Event = z.looseObject({
  sg_event_id: z.string(),
  event: z.string(),
  email: z.string(),
  sg_message_id: z.string().optional(),
  timestamp: z.number(),
});
const events = { name: 'events', entry: Event, max: 10_000, whenFull: 'drop-oldest' } as const satisfies LogSpec;

export const sendgrid = defineConnector({
  spec: 'v1',
  id: 'sendgrid',
  config: z.object({
    apiKey: secret(z.string()),
    region: z.enum(['global', 'eu']).default('global'),
    webhookKey: z.string().optional(),
  }),
  origins: ({ region }) => [region === 'eu' ? 'https://api.eu.sendgrid.com' : 'https://api.sendgrid.com'],
  authorization: ({ apiKey }) => ({ kind: 'bearer', token: apiKey }),
  open: ({ http, state }) => ({
    events: state.log(events),
    send: (mail: object, context: Context) =>
      http.request(
        {
          method: 'POST',
          path: '/v3/mail/send',
          body: { json: mail },
          ifLost: 'Read sendgrid_track_email_events before you send it again.',
        },
        context,
      ),
  }),
  webhook: {
    log: events,
    signature: ({ webhookKey }) => ({
      kind: 'ecdsa-p256',
      key: webhookKey ?? '',
      header: 'X-Twilio-Email-Event-Webhook-Signature',
      encoding: 'base64',
      over: ['timestamp', 'body'],
      timestampHeader: 'X-Twilio-Email-Event-Webhook-Timestamp',
    }),
    events: (body) =>
      z
        .array(Event)
        .parse(body)
        .map((value) => ({ id: value.sg_event_id, key: value.sg_message_id?.split('.')[0], value })),
  },
  tools: (tool) => [
    tool({
      name: 'sendgrid_send_email',
      description: 'Sends an e-mail.',
      effect: 'write',
      input: z.object({ to: z.email().describe('Who gets it'), subject: z.string().describe('What it is about') }),
      output: z.object({ messageId: z.string().nullable() }),
      run: async (mail, client, context) => {
        const { headers } = await client.send(mail, context);
        context.warn('This account is in sandbox mode: nothing is delivered.');
        return result({ messageId: headers.get('x-message-id') }, { content: [{ type: 'text', text: 'Sent.' }] });
      },
    }),
    tool({
      name: 'sendgrid_track_email_events',
      description: 'Reads what became of the e-mails that were sent.',
      effect: 'read',
      input: z.object({
        messageId: z.string().optional().describe('Of one e-mail alone. Without it, of all'),
        cursor: z.string().optional().describe('The cursor of the page before. Without it the oldest come first'),
      }),
      output: z.object({ events: z.array(Event), cursor: z.string().optional() }),
      run: async ({ messageId, cursor }, client, context) => {
        const after = cursor === undefined ? undefined : context.cursor.read(cursor, z.string());
        const page = await client.events.read({ limit: 50, key: messageId, after });
        return {
          events: page.entries.map(({ value }) => value),
          ...(page.next !== undefined && { cursor: context.cursor.write(page.next) }),
        };
      },
    }),
  ],
});
