import { randomBytes } from 'node:crypto';
import { sendgrid } from '@busbar/connector-sendgrid';
import type { Vendor } from './vendor.ts';

/** SendGrid: one account or subuser, identified by its key alone. */
export const sendgridVendor: Vendor = {
  connector: sendgrid,
  label: 'SendGrid',
  webhookField: 'webhookKey',
  settings: {
    SENDGRID_API_KEY: 'An API key of the SendGrid account or subuser.',
    SENDGRID_REGION: '`eu` for a subuser in the EU region. Default: `global`.',
    SENDGRID_FROM: 'The default sender, such as `News <news@acme.example>`. It must be verified at SendGrid.',
    SENDGRID_WEBHOOK_KEY: 'The verification key of SendGrid’s signed Event Webhook. If set, the server prints the address for the webhook.',
  },
  sandboxes: {
    default: async () => {
      const { startSendGridSandbox } = await import('@busbar/connector-sendgrid/sandbox');
      return await startSendGridSandbox({ apiKey: `SG.${randomBytes(16).toString('hex')}` });
    },
  },
};
