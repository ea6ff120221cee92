import { query, tooling, type OrgCheck } from './org-check.ts';
import { organization } from './organization.ts';
import { daysUntil, numberAt, rowsOf, shareStatus, textAt, worst } from './read-row.ts';

/** Checks of the trial, release updates, packages and features. */
export const platformChecks: readonly OrgCheck<'platform'>[] = [
  {
    id: 'trial',
    title: 'Trial of the org',
    category: 'platform',
    weight: 1,
    permission: 'API Enabled',
    advice: 'Buy the org, or move what you need out of it before its trial ends.',
    alwaysHasRows: true,
    sources: [organization],
    judge(readings, nowMs) {
      const [row = {}] = rowsOf(readings);
      const days = daysUntil(row, 'TrialExpirationDate', nowMs);
      if (days === undefined) return { status: 'pass', evidence: 'The org is not on trial.' };
      return { status: days < 30 ? 'fail' : 'warn', evidence: days < 0 ? 'The trial has ended.' : `The trial ends in ${days} days.` };
    },
  },
  {
    id: 'release_updates',
    title: 'Release updates that are due',
    category: 'platform',
    weight: 2,
    permission: 'View Setup and Configuration',
    advice: 'Go through the steps in Setup, Release Updates, before Salesforce enforces them.',
    sources: [tooling('SELECT Title, Category, DueDate, IsReleased, NumSteps, NumCompSteps, Status FROM ReleaseUpdate', 'all')],
    judge(readings, nowMs) {
      const open = rowsOf(readings).flatMap((row) => {
        const days = daysUntil(row, 'DueDate', nowMs);
        const done = numberAt(row, 'NumSteps') > 0 && numberAt(row, 'NumCompSteps') >= numberAt(row, 'NumSteps');
        return days === undefined || done || days >= 90 ? [] : [{ title: textAt(row, 'Title'), days }];
      });
      const due = open.toSorted((a, b) => a.days - b.days);
      return {
        status: due.some(({ days }) => days < 30) ? 'fail' : due.length > 0 ? 'warn' : 'pass',
        evidence: `${due.length} release updates with steps to do are due within 90 days.`,
        details: due.map(({ title, days }) => `${title}: ${days < 0 ? `${-days} days overdue` : `in ${days} days`}`),
      };
    },
  },
  {
    id: 'installed_packages',
    title: 'Installed packages',
    category: 'platform',
    weight: 0,
    permission: 'Download AppExchange Packages or View Setup and Configuration',
    advice: 'Uninstall what is no longer used.',
    sources: [tooling('SELECT SubscriberPackage.Name, SubscriberPackage.NamespacePrefix FROM InstalledSubscriberPackage')],
    judge: (readings) => ({
      status: 'pass',
      evidence: `${readings[0]?.total ?? 0} packages are installed.`,
      details: rowsOf(readings).map(
        (row) => `${textAt(row, 'SubscriberPackage.Name')} (${textAt(row, 'SubscriberPackage.NamespacePrefix') || 'no namespace'})`,
      ),
    }),
  },
  {
    id: 'optimizer',
    title: 'Salesforce Optimizer',
    category: 'platform',
    weight: 1,
    permission: 'Customize Application',
    advice: 'Open Setup, Optimizer, and follow what it recommends for these features.',
    sources: [
      query('SELECT Id, Name, Category, FeatureType, LatestOrgMetricScanSummaryId FROM OrgMetric', 'all'),
      query(
        'SELECT Id, OrgMetricId, Status, ItemCount, FeatureLimit, PercentUsage, ScanDate, ErrorMessage FROM OrgMetricScanSummary',
        'all',
      ),
    ],
    judge(readings) {
      const summaries = new Map(rowsOf(readings, 1).map((row) => [textAt(row, 'Id'), row]));
      const scanned = rowsOf(readings).flatMap((metric) => {
        const summary = summaries.get(textAt(metric, 'LatestOrgMetricScanSummaryId'));
        return summary
          ? [{ name: textAt(metric, 'Name'), percent: numberAt(summary, 'PercentUsage'), failed: textAt(summary, 'ErrorMessage') !== '' }]
          : [];
      });
      if (scanned.length === 0) return { status: 'unknown', evidence: 'Optimizer has not been run: start it in Setup, Optimizer.' };
      const tight = scanned.filter(({ percent }) => percent >= 80).toSorted((a, b) => b.percent - a.percent);
      const failed = scanned.filter((metric) => metric.failed).length;
      return {
        status: worst(scanned.map(({ percent }) => shareStatus(percent))),
        evidence: `${tight.length} of ${scanned.length} features that Optimizer looked at are at least 80 % used; ${failed} could not be looked at.`,
        details: tight.map(({ name, percent }) => `${name}: ${percent} %`),
      };
    },
  },
];
