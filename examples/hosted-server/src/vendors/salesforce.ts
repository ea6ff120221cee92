import { randomBytes } from 'node:crypto';
import { salesforce } from '@busbar/connector-salesforce';
import type { SalesforceSandbox, SalesforceSandboxOptions } from '@busbar/connector-salesforce/sandbox';
import type { Vendor } from './vendor.ts';

/** Salesforce: one org, with any of the three authorization flows. */
export const salesforceVendor: Vendor = {
  connector: salesforce,
  label: 'Salesforce',
  accountField: 'myDomain',
  settings: {
    SALESFORCE_MY_DOMAIN:
      'The My Domain of the Salesforce org: `acme` for `https://acme.my.salesforce.com`, `acme--uat.sandbox` for a sandbox.',
    SALESFORCE_CLIENT_ID: 'The consumer key of an external client app in that org.',
    SALESFORCE_CLIENT_SECRET: 'The consumer secret of that app, for the client credentials flow or with a refresh token.',
    SALESFORCE_USERNAME: 'For the JWT bearer flow: the user to act as.',
    SALESFORCE_PRIVATE_KEY: 'For the JWT bearer flow: the RSA key of the app’s certificate, as PEM (PKCS#8).',
    SALESFORCE_REFRESH_TOKEN: 'For the web server flow: the refresh token that a user’s consent returned.',
    SALESFORCE_API_VERSION: 'The API version, such as `v64.0`. Default: the connector’s own.',
  },
  sandboxes: {
    emea: () => startOrg({ myDomain: 'example-emea', orgName: 'Example EMEA' }),
    // This org differs from the other, so that people see which org answered: it has other customers, no Revenue Cloud, and a finding for
    // the health check.
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
