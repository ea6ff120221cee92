import { query, type OrgCheck } from './org-check.ts';
import { organization } from './organization.ts';
import { rowsOf, textAt } from './read-row.ts';

const objects = ['Account', 'Contact', 'Opportunity', 'Lead', 'Case', 'Asset', 'Contract', 'Order', 'Campaign', 'Product2', 'Pricebook2'];

/** Checks of objects that are open to everyone by default. */
export const sharingChecks: readonly OrgCheck<'sharing'>[] = [
  {
    id: 'org_wide_defaults',
    title: 'Objects that every user may change',
    category: 'sharing',
    weight: 2,
    permission: 'View Setup and Configuration',
    advice: 'Set the organization-wide default to private or read-only (Setup, Sharing Settings), and share by role or rule.',
    alwaysHasRows: true,
    sources: [organization],
    judge(readings) {
      const [row = {}] = rowsOf(readings);
      const open = Object.entries(row).filter(
        ([field, access]) => /^Default.*Access$/.test(field) && /Edit|All|Transfer/i.test(String(access)),
      );
      return {
        status: open.length > 0 ? 'warn' : 'pass',
        evidence: `${open.length} of 5 main objects may be changed by every user.`,
        details: open.map(([field, access]) => `${field.replace(/^Default(.*)Access$/, '$1')}: ${String(access)}`),
      };
    },
  },
  {
    id: 'external_sharing',
    title: 'Objects that external users may see',
    category: 'sharing',
    weight: 3,
    permission: 'View Setup and Configuration',
    advice: 'Set the external default to private (Setup, Sharing Settings) unless partners or customers are meant to see every record.',
    alwaysHasRows: true,
    sources: [
      query(
        `SELECT QualifiedApiName, Label, InternalSharingModel, ExternalSharingModel FROM EntityDefinition WHERE QualifiedApiName IN (${objects.map((name) => `'${name}'`).join(', ')})`,
      ),
    ],
    judge(readings) {
      const rows = rowsOf(readings);
      const model = (row: (typeof rows)[number]): string => textAt(row, 'ExternalSharingModel');
      const writable = rows.filter((row) => /Write|Transfer|FullAccess/i.test(model(row)));
      const readable = rows.filter((row) => model(row) === 'Read');
      return {
        status: writable.length > 0 ? 'fail' : readable.length > 0 ? 'warn' : 'pass',
        evidence: `External users may change ${writable.length} and read ${readable.length} of ${rows.length} main objects by default.`,
        details: [...writable, ...readable].map((row) => `${textAt(row, 'QualifiedApiName')}: ${model(row)}`),
      };
    },
  },
];
