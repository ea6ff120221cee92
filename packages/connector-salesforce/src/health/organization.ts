import { query } from './org-check.ts';

/** The org's own record, for whatever asks about it: equal sources are read once. */
export const organization = query(
  'SELECT Id, Name, OrganizationType, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, DefaultAccountAccess, DefaultContactAccess, DefaultOpportunityAccess, DefaultLeadAccess, DefaultCaseAccess FROM Organization LIMIT 1',
);
