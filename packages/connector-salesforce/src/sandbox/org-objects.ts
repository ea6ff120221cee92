/** A field of an object in the sandbox. */
export interface OrgField {
  readonly name: string;
  readonly type: string;
  /** The objects that a reference may name. */
  readonly refersTo: readonly string[];
  readonly values: readonly string[];
  readonly required: boolean;
  readonly readOnly: boolean;
  readonly externalId: boolean;
  readonly unique: boolean;
}

/** An object in the sandbox. */
export interface OrgObject {
  readonly name: string;
  readonly keyPrefix: string;
  /** The APIs that can query it. */
  readonly apis: readonly ('data' | 'tooling')[];
  readonly writable: boolean;
  readonly fields: ReadonlyMap<string, OrgField>;
}

const system =
  'Id:id:readOnly CreatedDate:datetime:readOnly CreatedById:reference(User):readOnly LastModifiedDate:datetime:readOnly LastModifiedById:reference(User):readOnly SystemModstamp:datetime:readOnly IsDeleted:boolean:readOnly';

/** Objects whose records can be written: name, key prefix, fields. */
const business = [
  'Account 001 Name:string:required Industry:picklist(Banking|Manufacturing|Retail) Rating:picklist(Hot|Warm|Cold) Phone:phone Website:url BillingCity:string AnnualRevenue:currency NumberOfEmployees:int Description:textarea OwnerId:reference(User) Erp_Id__c:string:externalId:unique Region__c:string:externalId',
  'Contact 003 FirstName:string LastName:string:required Name:string:readOnly Email:email Phone:phone Title:string AccountId:reference(Account) OwnerId:reference(User) Erp_Id__c:string:externalId:unique',
  'Opportunity 006 Name:string:required StageName:picklist(Prospecting|Negotiation|Closed_Won|Closed_Lost):required CloseDate:date:required Amount:currency AccountId:reference(Account) OwnerId:reference(User) NextStep:string',
  'Case 500 Subject:string Status:picklist(New|Working|Closed) Priority:picklist(Low|Medium|High) Description:textarea CaseNumber:string:readOnly AccountId:reference(Account) ContactId:reference(Contact)',
];

/**
 * Read-only objects that describe the org. The word before a slash is the API that can query the object. Without a slash, both APIs can.
 */
const setup = [
  'data/Organization 00D Name:string OrganizationType:string InstanceName:string IsSandbox:boolean TrialExpirationDate:datetime NamespacePrefix:string DefaultAccountAccess:string DefaultContactAccess:string DefaultOpportunityAccess:string DefaultLeadAccess:string DefaultCaseAccess:string',
  'data/User 005 Name:string Username:string ProfileId:reference(Profile) LastLoginDate:datetime IsActive:boolean UserType:string Email:email',
  'data/Profile 00e Name:string',
  'data/UserLicense 100 Name:string LicenseDefinitionKey:string Status:string TotalLicenses:int UsedLicenses:int',
  'data/PermissionSetLicense 0PL MasterLabel:string DeveloperName:string Status:string TotalLicenses:int UsedLicenses:int ExpirationDate:date',
  'data/PackageLicense 050 NamespacePrefix:string Status:string AllowedLicenses:int UsedLicenses:int ExpirationDate:datetime',
  'data/TenantUsageEntitlement 0cR MasterLabel:string CurrentAmountAllowed:double AmountUsed:double EndDate:date',
  'data/PermissionSet 0PS Name:string Label:string IsCustom:boolean Type:string IsOwnedByProfile:boolean ProfileId:reference(Profile) PermissionsModifyAllData:boolean PermissionsViewAllData:boolean PermissionsManageUsers:boolean',
  'data/PermissionSetAssignment 0Pa AssigneeId:reference(User) PermissionSetId:reference(PermissionSet)',
  'data/LoginHistory 0Ya Status:string LoginType:string LoginTime:datetime UserId:reference(User)',
  'data/VerificationHistory 0ok UserId:reference(User) Policy:string Activity:string',
  'data/SetupAuditTrail 0Ym Action:string Section:string Display:string DelegateUser:string',
  'data/OauthToken 0CQ AppName:string UserId:reference(User) LastUsedDate:datetime UseCount:int',
  'data/ConnectedApplication 0H4 Name:string OptionsAllowAdminApprovedUsersOnly:boolean',
  'EntityDefinition 4ie QualifiedApiName:string Label:string InternalSharingModel:string ExternalSharingModel:string',
  'ApexClass 01p Name:string ApiVersion:double NamespacePrefix:string',
  'ApexTrigger 01q Name:string ApiVersion:double NamespacePrefix:string',
  'data/FlowDefinitionView 3dd ApiName:string Label:string ProcessType:string TriggerType:string IsActive:boolean Description:textarea ApiVersion:double VersionNumber:int',
  'data/AsyncApexJob 707 Status:string JobType:string',
  'data/CronTrigger 08e State:string',
  'ApexLog 07L LogUserId:reference(User) LogLength:int StartTime:datetime Operation:string',
  'data/OrgMetric 0Or Name:string Category:string FeatureType:string LatestOrgMetricScanSummaryId:reference(OrgMetricScanSummary)',
  'data/OrgMetricScanSummary 0Os OrgMetricId:reference(OrgMetric) Status:string ItemCount:int FeatureLimit:int PercentUsage:double ScanDate:datetime ErrorMessage:string',
  'tooling/SecurityHealthCheck 0SH Score:string',
  'tooling/SecurityHealthCheckRisks 0SR RiskType:string Setting:string SettingGroup:string SettingRiskCategory:string OrgValue:string OrgValueRaw:string StandardValue:string',
  'tooling/ApexOrgWideCoverage 714 PercentCovered:int',
  'tooling/ApexCodeCoverageAggregate 715 ApexClassOrTriggerId:reference(ApexClass) NumLinesCovered:int NumLinesUncovered:int',
  'tooling/Flow 301 DefinitionId:string Status:string',
  'tooling/ReleaseUpdate 0RU Title:string Category:string DueDate:datetime IsReleased:boolean NumSteps:int NumCompSteps:int Status:string',
  'tooling/InstalledSubscriberPackage 0A3 SubscriberPackageId:reference(SubscriberPackage)',
  'tooling/SubscriberPackage 033 Name:string NamespacePrefix:string',
];

/** Objects that only orgs with Revenue Cloud have. */
const revenue = [
  'data/Product2 01t Name:string Type:string IsActive:boolean',
  'data/ProductRelatedComponent 0dS ParentProductId:reference(Product2) ChildProductId:reference(Product2) Sequence:int Quantity:double',
  'data/ProductAttributeDefinition 0pa Name:string Product2Id:reference(Product2)',
  'data/AttributePicklist 0v5 Name:string',
  'data/AttributeDefinition 0tj Name:string PicklistId:reference(AttributePicklist)',
  'data/AttributePicklistValue 0v6 Name:string PicklistId:reference(AttributePicklist)',
];

/** Returns the objects of the org by name. */
export function orgObjects(options: { readonly revenueCloud: boolean }): ReadonlyMap<string, OrgObject> {
  const readable = options.revenueCloud ? [...setup, ...revenue] : setup;
  const all = [...business.map((line) => objectOf(line, true)), ...readable.map((line) => objectOf(line, false))];
  return new Map(all.map((object) => [object.name, object]));
}

function objectOf(line: string, writable: boolean): OrgObject {
  const [head = '', keyPrefix = '', ...fields] = `${line} ${system}`.split(' ');
  const [name = '', api] = head.split('/').toReversed();
  const apis =
    api === 'tooling' ? ['tooling' as const] : api === 'data' || writable ? ['data' as const] : ['data' as const, 'tooling' as const];
  return { name, keyPrefix, apis, writable, fields: new Map(fields.map(fieldOf).map((field) => [field.name, field])) };
}

function fieldOf(text: string): OrgField {
  const [name = '', kind = '', ...flags] = text.split(':');
  const [type = '', inside = ''] = kind.replace(')', '').split('(');
  const words = inside === '' ? [] : inside.split('|').map((word) => word.replaceAll('_', ' '));
  return {
    name,
    type,
    refersTo: type === 'reference' ? words : [],
    values: type === 'picklist' ? words : [],
    required: flags.includes('required'),
    readOnly: flags.includes('readOnly'),
    externalId: flags.includes('externalId'),
    unique: flags.includes('unique'),
  };
}

/** Returns the name under which a query reaches the record of a reference: `OwnerId` → `Owner`, `Parent__c` → `Parent__r`. */
export const relationshipOf = (field: OrgField): string | undefined =>
  field.type !== 'reference' ? undefined : field.name.endsWith('__c') ? field.name.replace(/c$/, 'r') : field.name.replace(/Id$/, '');

/** A field of another object that refers to an object, and the name under which a subquery reaches those records. */
export interface ChildRelationship {
  readonly child: OrgObject;
  readonly field: OrgField;
  /** Undefined if no subquery can reach them. */
  readonly name: string | undefined;
}

/** Names that are not the plural of the child's name. */
const childNames: Readonly<Record<string, string>> = {
  'PermissionSetAssignment.AssigneeId': 'PermissionSetAssignments',
  'PermissionSetAssignment.PermissionSetId': 'Assignments',
  'User.ProfileId': 'Users',
};

/** Returns the fields of the org's objects that refer to an object. */
export function childrenOf(objects: ReadonlyMap<string, OrgObject>, parent: OrgObject): ChildRelationship[] {
  return [...objects.values()].flatMap((child) =>
    [...child.fields.values()]
      .filter(({ refersTo }) => refersTo.includes(parent.name))
      .map((field) => ({ child, field, name: childNames[`${child.name}.${field.name}`] ?? pluralOf(child, field) })),
  );
}

/** `Contacts` for Contact.AccountId. The owner and the users in system fields have no such name. */
function pluralOf({ name, writable }: OrgObject, { name: field }: OrgField): string | undefined {
  if (!writable || /^(?:Owner|CreatedBy|LastModifiedBy)Id$/.test(field)) return undefined;
  return name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`;
}
