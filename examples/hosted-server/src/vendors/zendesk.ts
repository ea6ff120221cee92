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
    ZENDESK_SUBDOMAIN: 'The Zendesk subdomain: `acme` for `https://acme.zendesk.com`.',
    ZENDESK_CLIENT_ID: 'The identifier of an OAuth client in that account.',
    ZENDESK_CLIENT_SECRET: 'The secret of that client.',
    ZENDESK_EMAIL: 'Legacy alternative to an OAuth client: the user that the API token acts as.',
    ZENDESK_API_TOKEN: 'Legacy: the API token.',
    ZENDESK_WEBHOOK_SECRET: 'The signing secret of a Zendesk webhook. If set, the server prints the address for the webhook.',
  },
  sandboxes: {
    default: async () => {
      const { startZendeskSandbox } = await import('@busbar/connector-zendesk/sandbox');
      return await startZendeskSandbox({ clientSecret: randomBytes(16).toString('hex') });
    },
  },
};
