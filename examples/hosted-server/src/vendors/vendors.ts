import type { Vendor } from './vendor.ts';
import { salesforceVendor } from './salesforce.ts';
import { sendgridVendor } from './sendgrid.ts';
import { zendeskVendor } from './zendesk.ts';

/** All that the server can serve, in the order in which people read of them. A new one is added here and nowhere else. */
export const vendors: readonly Vendor[] = [zendeskVendor, sendgridVendor, salesforceVendor];
