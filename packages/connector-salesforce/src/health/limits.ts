import { watchedLimits } from '../used-limits.ts';
import type { OrgCheck } from './org-check.ts';
import { numberAt, rowsOf, shareStatus, textAt, worst } from './read-row.ts';

/** The number of records from which Salesforce speaks of a large data volume. */
const largeVolume = 5_000_000;

/** Checks of limits that the org may reach. */
export const limitChecks: readonly OrgCheck<'limits'>[] = [
  {
    id: 'org_limits',
    title: 'Limits of the org',
    category: 'limits',
    weight: 3,
    permission: 'View Setup and Configuration',
    advice: 'Find what uses these up before they stop the org’s work; clear data, spread the load, or buy more.',
    alwaysHasRows: true,
    sources: [{ kind: 'limits' }],
    judge(readings) {
      const rows = rowsOf(readings).toSorted((a, b) => numberAt(b, 'usedPercent') - numberAt(a, 'usedPercent'));
      const tight = rows.filter((row) => numberAt(row, 'usedPercent') >= 80);
      const listed = tight.length > 0 ? tight : rows.filter((row) => watchedLimits.has(textAt(row, 'name')));
      return {
        status: worst(rows.map((row) => shareStatus(numberAt(row, 'usedPercent')))),
        evidence: `${tight.length} of ${rows.length} limits are at least 80 % used.`,
        details: listed.map((row) => `${textAt(row, 'name')}: ${numberAt(row, 'usedPercent')} % of ${numberAt(row, 'max')}`),
      };
    },
  },
  {
    id: 'record_counts',
    title: 'Large data volumes',
    category: 'limits',
    weight: 1,
    permission: 'View Setup and Configuration',
    advice: 'Archive old records, and ask for custom indexes for what is queried often.',
    sources: [
      { kind: 'counts', objects: ['Account', 'Contact', 'Lead', 'Opportunity', 'Case', 'Task', 'Event', 'Order', 'Asset', 'Product2'] },
    ],
    judge(readings) {
      const rows = rowsOf(readings).toSorted((a, b) => numberAt(b, 'count') - numberAt(a, 'count'));
      const large = rows.filter((row) => numberAt(row, 'count') >= largeVolume);
      return {
        status: large.length > 0 ? 'warn' : 'pass',
        evidence: `${large.length} objects have ${largeVolume.toLocaleString('en-US')} records or more.`,
        details: rows.slice(0, 5).map((row) => `${textAt(row, 'name')}: ${numberAt(row, 'count').toLocaleString('en-US')}`),
      };
    },
  },
];
