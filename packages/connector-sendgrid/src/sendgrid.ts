import { defineConnector, pastedText, secret } from '@busbar/core';
import { z } from 'zod';
import { senderText } from './addresses.ts';
import { checkAccount } from './check.ts';
import { createClient, hostOf } from './client.ts';
import { eventLog, readEvents } from './events.ts';
import { readFailure } from './failure.ts';
import { bulkTools } from './tools/bulk.ts';
import { eventTools } from './tools/events.ts';
import { mailTools } from './tools/mail.ts';
import { statsTools } from './tools/stats.ts';
import { suppressionTools } from './tools/suppressions.ts';
import { templateTools } from './tools/templates.ts';

const config = z.object({
  apiKey: secret(pastedText().regex(/^[\x21-\x7e]+$/, 'An API key has only ASCII characters and no spaces')).describe(
    'An API key of the account or subuser',
  ),
  region: z.enum(['global', 'eu']).default('global').describe('"eu" for a subuser in the EU region. Default: global'),
  from: senderText.optional().describe('The verified sender, such as News <news@acme.example>, of calls that give no sender'),
  webhookKey: pastedText()
    .min(1)
    .optional()
    .describe('The verification key of the signed Event Webhook. Without it no events are accepted'),
});

/** SendGrid: sends e-mail, reads templates and statistics, lists and removes suppressions, and tracks each e-mail by its events. */
export const sendgrid = defineConnector({
  spec: 'v1',
  id: 'sendgrid',
  config,
  connections: 'many',
  // SendGrid limits each endpoint separately. All answers state the limit, except for mail/send, which allows 10,000 requests a second.
  // Here all other endpoints share one budget, which is stricter: 600 a minute unless SendGrid states another limit.
  limits: {
    default: {
      requests: 600,
      windowMs: 60_000,
      readRateLimit: (headers) => ({
        limit: headers.get('x-ratelimit-limit'),
        remaining: headers.get('x-ratelimit-remaining'),
        reset: headers.get('x-ratelimit-reset'),
      }),
    },
    'mail-send': { requests: 10_000, windowMs: 1_000 },
  },
  origins: ({ region }) => [`https://${hostOf(region)}`],
  authorization: ({ apiKey }) => ({ kind: 'bearer', token: apiKey }),
  failure: readFailure,
  open: createClient,
  tools: (tool) => [
    ...mailTools(tool),
    ...bulkTools(tool),
    ...templateTools(tool),
    ...suppressionTools(tool),
    ...statsTools(tool),
    ...eventTools(tool),
  ],
  webhook: {
    log: eventLog,
    signature: ({ webhookKey = '' }) => ({
      kind: 'ecdsa-p256',
      key: webhookKey,
      header: 'X-Twilio-Email-Event-Webhook-Signature',
      encoding: 'base64',
      over: ['timestamp', 'body'],
      timestampHeader: 'X-Twilio-Email-Event-Webhook-Timestamp',
    }),
    events: readEvents,
  },
  check: checkAccount,
});
