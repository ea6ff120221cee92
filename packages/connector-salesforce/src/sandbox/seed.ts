import type { Clock } from '@busbar/core';
import { timestamp, type OrgRecord, type OrgRecords } from './org-records.ts';

const dayMs = 86_400_000;

type Fields = Readonly<Record<string, unknown>>;

interface Seeder {
  add(object: string, fields: Fields): OrgRecord;
  several(object: string, list: readonly Fields[]): OrgRecord[];
  /** Returns the time that many days before now. */
  ago(days: number): string;
  /** Returns the time that many days after now. */
  ahead(days: number): string;
}

interface Users {
  readonly sam: OrgRecord;
  readonly ada: OrgRecord;
}

/** Fills an org with fictitious people, customers and settings. A health check of the org finds no problems. */
export function seed(records: OrgRecords, clock: Clock, org: { readonly name: string; readonly revenueCloud: boolean }): void {
  const seeder: Seeder = {
    add: records.add,
    several: (object, list) => list.map((fields) => records.add(object, fields)),
    ago: (days) => timestamp(clock.now() - days * dayMs),
    ahead: (days) => timestamp(clock.now() + days * dayMs),
  };

  records.add('Organization', {
    Name: org.name,
    OrganizationType: 'Enterprise Edition',
    InstanceName: 'SBX1',
    IsSandbox: true,
    DefaultAccountAccess: 'Read',
    DefaultContactAccess: 'ControlledByParent',
    DefaultOpportunityAccess: 'None',
    DefaultLeadAccess: 'None',
    DefaultCaseAccess: 'None',
  });

  const users = seedUsers(seeder);
  seedSetup(seeder, records.change, users, org.revenueCloud);
  seedCustomers(seeder, users);
  if (org.revenueCloud) seedProducts(records);
}

/** Adds profiles, users and their permission sets. */
function seedUsers({ add, several, ago }: Seeder): Users {
  const [admin, sales] = several('Profile', [{ Name: 'System Administrator' }, { Name: 'Sales' }]);
  const person = (Name: string, profile: OrgRecord | undefined) =>
    add('User', {
      Name,
      Username: `${Name.toLowerCase().replace(' ', '.')}@example.com`,
      Email: `${Name.toLowerCase().replace(' ', '.')}@example.com`,
      ProfileId: profile?.Id,
      IsActive: true,
      UserType: 'Standard',
      LastLoginDate: ago(1),
    });
  const [sam, ada] = [person('Sam Admin', admin), person('Ada Example', sales)];
  const set = (Name: string, fields: Fields) =>
    add('PermissionSet', {
      Name,
      Label: Name,
      IsCustom: true,
      Type: 'Regular',
      IsOwnedByProfile: false,
      PermissionsModifyAllData: false,
      PermissionsViewAllData: false,
      PermissionsManageUsers: false,
      ...fields,
    });
  const adminSet = set('Administrator', {
    IsOwnedByProfile: true,
    IsCustom: false,
    ProfileId: admin?.Id,
    PermissionsModifyAllData: true,
    PermissionsViewAllData: true,
    PermissionsManageUsers: true,
  });
  const salesSet = set('SalesProfile', { IsOwnedByProfile: true, ProfileId: sales?.Id });
  const exportSet = set('ExportReports', {});
  several('PermissionSetAssignment', [
    { AssigneeId: sam.Id, PermissionSetId: adminSet.Id },
    { AssigneeId: ada.Id, PermissionSetId: salesSet.Id },
    { AssigneeId: ada.Id, PermissionSetId: exportSet.Id },
  ]);
  return { sam, ada };
}

/** Adds the records that the health checks read. */
function seedSetup({ add, several, ago, ahead }: Seeder, change: OrgRecords['change'], { sam, ada }: Users, revenueCloud: boolean): void {
  several('UserLicense', [{ Name: 'Salesforce', LicenseDefinitionKey: 'SFDC', Status: 'Active', TotalLicenses: 10, UsedLicenses: 2 }]);
  several('PermissionSetLicense', [
    { MasterLabel: 'Sales User', DeveloperName: 'SalesUser', Status: 'Active', TotalLicenses: 10, UsedLicenses: 1 },
  ]);
  several('PackageLicense', [{ NamespacePrefix: 'acme_sign', Status: 'Active', AllowedLicenses: -1, UsedLicenses: 0 }]);
  several('TenantUsageEntitlement', [
    { MasterLabel: 'Platform Events', CurrentAmountAllowed: 1_000, AmountUsed: 10, EndDate: ahead(300).slice(0, 10) },
  ]);
  several('LoginHistory', [
    { Status: 'Success', LoginType: 'Application', LoginTime: ago(1), UserId: sam.Id },
    { Status: 'Success', LoginType: 'Application', LoginTime: ago(1), UserId: ada.Id },
  ]);
  several('VerificationHistory', [
    { UserId: sam.Id, Policy: 'TwoFactorAuthentication', Activity: 'Login' },
    { UserId: ada.Id, Policy: 'TwoFactorAuthentication', Activity: 'Login' },
  ]);
  several('SetupAuditTrail', [
    { Action: 'changedEmail', Section: 'Manage Users', Display: 'Changed e-mail of Ada Example', CreatedDate: ago(3), CreatedById: sam.Id },
  ]);
  several('OauthToken', [{ AppName: 'Busbar', UserId: sam.Id, LastUsedDate: ago(0), UseCount: 12 }]);
  several('ConnectedApplication', [{ Name: 'Busbar', OptionsAllowAdminApprovedUsersOnly: true }]);
  several(
    'EntityDefinition',
    ['Account', 'Contact', 'Opportunity', 'Case', ...(revenueCloud ? ['Product2', 'AttributeDefinition'] : [])].map((QualifiedApiName) => ({
      QualifiedApiName,
      Label: QualifiedApiName,
      InternalSharingModel: 'Read',
      ExternalSharingModel: 'Private',
    })),
  );
  const [apex] = several('ApexClass', [{ Name: 'InvoiceService', ApiVersion: 64 }]);
  several('ApexTrigger', [{ Name: 'OnInvoice', ApiVersion: 63 }]);
  several('FlowDefinitionView', [
    {
      ApiName: 'Route_Case',
      Label: 'Route Case',
      ProcessType: 'AutoLaunchedFlow',
      IsActive: true,
      Description: 'Sends a case to its queue',
      ApiVersion: 62,
      VersionNumber: 2,
    },
  ]);
  several('AsyncApexJob', [{ Status: 'Completed', JobType: 'BatchApex', CreatedDate: ago(1) }]);
  several('CronTrigger', [{ State: 'WAITING' }]);
  const metric = add('OrgMetric', { Name: 'Custom Fields', Category: 'Limits', FeatureType: 'Field' });
  const summary = add('OrgMetricScanSummary', {
    OrgMetricId: metric.Id,
    Status: 'Completed',
    ItemCount: 10,
    FeatureLimit: 100,
    PercentUsage: 10,
    ScanDate: ago(2),
  });
  change(metric, { LatestOrgMetricScanSummaryId: summary.Id });

  several('SecurityHealthCheck', [{ Score: '92' }]);
  several('SecurityHealthCheckRisks', [
    {
      RiskType: 'MEETS_STANDARD',
      Setting: 'Minimum password length',
      SettingGroup: 'PasswordPolicies',
      SettingRiskCategory: 'HIGH_RISK',
      OrgValue: '12',
      OrgValueRaw: '12',
      StandardValue: '8',
    },
  ]);
  several('ApexOrgWideCoverage', [{ PercentCovered: 91 }]);
  several('ApexCodeCoverageAggregate', [{ ApexClassOrTriggerId: apex?.Id, NumLinesCovered: 91, NumLinesUncovered: 9 }]);
  several('Flow', [
    { DefinitionId: '300000000000001AAA', Status: 'Active' },
    { DefinitionId: '300000000000001AAA', Status: 'Obsolete' },
  ]);
  several('ReleaseUpdate', [
    {
      Title: 'Enforce rollbacks',
      Category: 'Apex',
      DueDate: ahead(200),
      IsReleased: true,
      NumSteps: 2,
      NumCompSteps: 0,
      Status: 'Invocable',
    },
  ]);
  const sign = add('SubscriberPackage', { Name: 'Acme Sign', NamespacePrefix: 'acme_sign' });
  several('InstalledSubscriberPackage', [{ SubscriberPackageId: sign.Id }]);
}

/** Adds accounts, contacts, opportunities and cases. */
function seedCustomers({ several, ahead }: Seeder, { sam, ada }: Users): void {
  const [bakery] = several('Account', [
    { Name: 'Example Bakery', Industry: 'Retail', BillingCity: 'Springfield', OwnerId: ada.Id, Erp_Id__c: 'E-1', AnnualRevenue: 120_000 },
    {
      Name: 'Sample Works',
      Industry: 'Manufacturing',
      BillingCity: 'Shelbyville',
      OwnerId: ada.Id,
      Erp_Id__c: 'E-2',
      AnnualRevenue: 2_500_000,
    },
    { Name: "O'Brien & Daughters", Industry: 'Retail', OwnerId: sam.Id, Region__c: 'North' },
    { Name: 'Northern Sample Bank', Industry: 'Banking', OwnerId: sam.Id, Region__c: 'North' },
  ]);
  several('Contact', [
    { FirstName: 'Grace', LastName: 'Sample', Name: 'Grace Sample', Email: 'grace@example.org', AccountId: bakery?.Id, OwnerId: ada.Id },
  ]);
  several('Opportunity', [
    { Name: 'Ovens', StageName: 'Negotiation', CloseDate: ahead(30).slice(0, 10), Amount: 40_000, AccountId: bakery?.Id, OwnerId: ada.Id },
  ]);
  several('Case', [{ Subject: 'Oven stays cold', Status: 'New', Priority: 'High', CaseNumber: '00001001', AccountId: bakery?.Id }]);
}

/** Adds a catalogue of Revenue Cloud. */
function seedProducts({ add }: OrgRecords): void {
  const product = (Name: string, Type: string | null) => add('Product2', { Name, Type, IsActive: true });
  const [bundle, oven, tray] = [product('Bakery Starter', 'Bundle'), product('Oven', null), product('Tray', null)];
  add('ProductRelatedComponent', { ParentProductId: bundle.Id, ChildProductId: oven.Id, Sequence: 1, Quantity: 1 });
  add('ProductRelatedComponent', { ParentProductId: bundle.Id, ChildProductId: tray.Id, Sequence: 2, Quantity: 4 });
  const colours = add('AttributePicklist', { Name: 'Colours' });
  add('AttributeDefinition', { Name: 'Colour', PicklistId: colours.Id });
  for (const Name of ['Red', 'Blue']) add('AttributePicklistValue', { Name, PicklistId: colours.Id });
  add('ProductAttributeDefinition', { Name: 'Colour of the oven', Product2Id: oven.Id });
}
