import { randomBytes } from 'node:crypto';
import { sendgrid } from '@busbar/connector-sendgrid';
import type { Vendor } from './vendor.ts';

/** SendGrid: one account or subuser, which nothing but its key names. */
export const sendgridVendor: Vendor = {
  connector: sendgrid,
  label: 'SendGrid',
  webhookField: 'webhookKey',
  settings: {
    SENDGRID_API_KEY: 'An API key of the SendGrid account or subuser.',
    SENDGRID_REGION: '`eu` for a subuser in the EU region. Default: `global`.',
    SENDGRID_FROM: 'The verified sender, such as `News <news@acme.example>`, where a call names none.',
    SENDGRID_WEBHOOK_KEY:
      'The verification key of SendGrid’s signed Event Webhook. With it the server prints the address that events are sent to.',
  },
  sandboxes: {
    default: async () => {
      const { startSendGridSandbox } = await import('@busbar/connector-sendgrid/sandbox');
      return await startSendGridSandbox({ apiKey: `SG.${randomBytes(16).toString('hex')}` });
    },
  },
};
