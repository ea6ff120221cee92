import type { Vendor } from './vendor.ts';
import { salesforceVendor } from './salesforce.ts';
import { sendgridVendor } from './sendgrid.ts';
import { zendeskVendor } from './zendesk.ts';

/** All vendors that the server can serve, in the order of the README and the banner. Add a new vendor here and nowhere else. */
export const vendors: readonly Vendor[] = [zendeskVendor, sendgridVendor, salesforceVendor];
