import { randomBytes } from 'node:crypto';
import { zendesk } from '@busbar/connector-zendesk';
import type { Vendor } from './vendor.ts';

/** Zendesk Support: one account. */
export const zendeskVendor: Vendor = {
  connector: zendesk,
  label: 'Zendesk',
  accountField: 'subdomain',
  webhookField: 'webhookSecret',
  settings: {
    ZENDESK_SUBDOMAIN: 'The Zendesk account: `acme` for `https://acme.zendesk.com`.',
    ZENDESK_CLIENT_ID: 'The identifier of its OAuth client.',
    ZENDESK_CLIENT_SECRET: 'The secret of that client.',
    ZENDESK_EMAIL: 'Legacy, instead of an OAuth client: the user that an API token acts as.',
    ZENDESK_API_TOKEN: 'Legacy: the API token.',
    ZENDESK_WEBHOOK_SECRET: 'The signing secret of a webhook of Zendesk. With it the server prints the address that events are sent to.',
  },
  sandboxes: {
    default: async () => {
      const { startZendeskSandbox } = await import('@busbar/connector-zendesk/sandbox');
      return await startZendeskSandbox({ clientSecret: randomBytes(16).toString('hex') });
    },
  },
};
