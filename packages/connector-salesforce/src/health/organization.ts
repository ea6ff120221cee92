import { query } from './org-check.ts';

/** The org's own record. Several checks use it, but it is read only once. */
export const organization = query(
  'SELECT Id, Name, OrganizationType, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix, DefaultAccountAccess, DefaultContactAccess, DefaultOpportunityAccess, DefaultLeadAccess, DefaultCaseAccess FROM Organization LIMIT 1',
);
