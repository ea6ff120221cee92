import { query, type Finding, type OrgCheck, type Row, type Rows } from './org-check.ts';
import { daysUntil, numberAt, rowsOf, shareStatus, textAt, worst } from './read-row.ts';

/** The field names of one kind of licence. */
interface Names {
  readonly name: string;
  readonly all: string;
  readonly used: string;
  readonly ends: string;
}

/** Judges licences by number and by end date. A total of -1 or 0 means that Salesforce does not count them. */
function judgeLicences(readings: readonly Rows[], nowMs: number, names: Names): Finding {
  const judged = rowsOf(readings)
    .map((row) => ({ row, ...judgeLicence(row, nowMs, names) }))
    .toSorted((a, b) => b.percent - a.percent);
  const bad = judged.filter(({ status }) => status !== 'pass');
  return {
    status: worst(judged.map(({ status }) => status)),
    evidence: `${bad.length} of ${judged.length} are at least 80 % used or end within 30 days.`,
    details: (bad.length > 0 ? bad : judged).map(({ row, percent, days }) => {
      const ends = days === undefined ? '' : days < 0 ? `, ended ${-days} days ago` : days <= 30 ? `, ends in ${days} days` : '';
      return `${textAt(row, names.name)}: ${numberAt(row, names.used)} of ${numberAt(row, names.all)} used (${percent} %)${ends}`;
    }),
  };
}

function judgeLicence(
  row: Row,
  nowMs: number,
  names: Names,
): { status: 'pass' | 'warn' | 'fail'; percent: number; days: number | undefined } {
  const all = numberAt(row, names.all);
  const percent = all > 0 ? Math.round((numberAt(row, names.used) / all) * 100) : 0;
  const days = daysUntil(row, names.ends, nowMs);
  const ends = days === undefined ? 'pass' : days < 0 ? 'fail' : days <= 30 ? 'warn' : 'pass';
  return { status: worst([shareStatus(percent), ends]), percent, days };
}

const licences = (
  check: Pick<OrgCheck, 'id' | 'title' | 'weight' | 'permission' | 'advice' | 'alwaysHasRows'>,
  soql: string,
  names: Names,
): OrgCheck<'licences'> => ({
  ...check,
  category: 'licences',
  sources: [query(soql, 'all')],
  judge: (readings, nowMs) => judgeLicences(readings, nowMs, names),
});

/** Checks for licences that run out, by number or by date. */
export const licenceChecks: readonly OrgCheck<'licences'>[] = [
  licences(
    {
      id: 'user_licences',
      title: 'User licences',
      weight: 2,
      permission: 'View Setup and Configuration',
      advice: 'Deactivate users who left, or buy licences before new people start.',
      alwaysHasRows: true,
    },
    "SELECT Name, LicenseDefinitionKey, Status, TotalLicenses, UsedLicenses FROM UserLicense WHERE Status = 'Active'",
    { name: 'Name', all: 'TotalLicenses', used: 'UsedLicenses', ends: '' },
  ),
  licences(
    {
      id: 'permission_set_licences',
      title: 'Permission set licences',
      weight: 1,
      permission: 'View Setup and Configuration',
      advice: 'Take them from users who do not need them, or renew them.',
    },
    'SELECT MasterLabel, DeveloperName, Status, TotalLicenses, UsedLicenses, ExpirationDate FROM PermissionSetLicense',
    { name: 'MasterLabel', all: 'TotalLicenses', used: 'UsedLicenses', ends: 'ExpirationDate' },
  ),
  licences(
    {
      id: 'package_licences',
      title: 'Licences of installed packages',
      weight: 1,
      permission: 'Manage Package Licenses',
      advice: 'Renew the package, or take seats from users who do not need it.',
    },
    'SELECT NamespacePrefix, Status, AllowedLicenses, UsedLicenses, ExpirationDate FROM PackageLicense',
    { name: 'NamespacePrefix', all: 'AllowedLicenses', used: 'UsedLicenses', ends: 'ExpirationDate' },
  ),
  licences(
    {
      id: 'usage_entitlements',
      title: 'Usage-based entitlements',
      weight: 1,
      permission: 'View Setup and Configuration',
      advice: 'See Setup, Company Information, Usage-based Entitlements; use less, or buy more.',
    },
    'SELECT MasterLabel, CurrentAmountAllowed, AmountUsed, EndDate FROM TenantUsageEntitlement',
    { name: 'MasterLabel', all: 'CurrentAmountAllowed', used: 'AmountUsed', ends: 'EndDate' },
  ),
];
