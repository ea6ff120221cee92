import { randomBytes } from 'node:crypto';
import { salesforce } from '@busbar/connector-salesforce';
import type { SalesforceSandbox, SalesforceSandboxOptions } from '@busbar/connector-salesforce/sandbox';
import type { Vendor } from './vendor.ts';

/** Salesforce: one org, by any of its three ways in. */
export const salesforceVendor: Vendor = {
  connector: salesforce,
  label: 'Salesforce',
  accountField: 'myDomain',
  settings: {
    SALESFORCE_MY_DOMAIN: 'The Salesforce org’s My Domain: `acme` for `https://acme.my.salesforce.com`, `acme--uat.sandbox` for a sandbox.',
    SALESFORCE_CLIENT_ID: 'The consumer key of its external client app.',
    SALESFORCE_CLIENT_SECRET: 'The consumer secret of that app: for the client credentials flow, or beside a refresh token.',
    SALESFORCE_USERNAME: 'For the JWT bearer flow: the user to act as.',
    SALESFORCE_PRIVATE_KEY: 'For the JWT bearer flow: the RSA key of the app’s certificate, as PEM (PKCS#8).',
    SALESFORCE_REFRESH_TOKEN: 'For the web server flow: the refresh token that a person’s consent gave.',
    SALESFORCE_API_VERSION: 'The API version, such as `v64.0`, where the connector’s own is not wanted.',
  },
  sandboxes: {
    emea: () => startOrg({ myDomain: 'example-emea', orgName: 'Example EMEA' }),
    // What is in it differs, so that a person sees which org answered: customers, Revenue Cloud, and a fault for the health check.
    apac: async () => {
      const org = await startOrg({ myDomain: 'example-apac', orgName: 'Example APAC', revenueCloud: false });
      for (const account of org.records('Account')) org.change(account, { Name: `${String(account['Name'])} Pacific` });
      org.setLimit('DataStorageMB', 1_024, 10);
      return org;
    },
  },
};

async function startOrg(org: SalesforceSandboxOptions): Promise<SalesforceSandbox> {
  const { startSalesforceSandbox } = await import('@busbar/connector-salesforce/sandbox');
  return await startSalesforceSandbox({ clientSecret: randomBytes(16).toString('hex'), ...org });
}
