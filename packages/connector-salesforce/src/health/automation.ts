import { query, tooling, type OrgCheck } from './org-check.ts';
import { numberAt, rowsOf, textAt } from './read-row.ts';

/** Salesforce keeps at most 50 versions of a flow, until someone deletes them. */
const manyVersions = 7;

/** Checks of flows, jobs and logs, for automation that is old, stuck or failing. */
export const automationChecks: readonly OrgCheck<'automation'>[] = [
  {
    id: 'flows',
    title: 'Active flows',
    category: 'automation',
    weight: 1,
    permission: 'View Setup and Configuration or Manage Flow',
    advice: 'Move Process Builder processes to flows (Setup, Migrate to Flow), and describe what each flow is for.',
    sources: [
      query(
        'SELECT ApiName, Label, ProcessType, TriggerType, IsActive, Description, ApiVersion, VersionNumber FROM FlowDefinitionView WHERE IsActive = true',
        'all',
      ),
    ],
    judge(readings) {
      const rows = rowsOf(readings);
      const processes = rows.filter((row) => textAt(row, 'ProcessType') === 'Workflow');
      const bare = rows.filter((row) => textAt(row, 'Description') === '');
      return {
        status: processes.length > 0 || bare.length > 0 ? 'warn' : 'pass',
        evidence: `Of ${rows.length} active flows ${processes.length} are Process Builder processes and ${bare.length} have no description.`,
        details: [
          ...processes.map((row) => `${textAt(row, 'ApiName')}: Process Builder`),
          ...bare.map((row) => `${textAt(row, 'ApiName')}: no description`),
        ],
      };
    },
  },
  {
    id: 'flow_versions',
    title: 'Old versions of flows',
    category: 'automation',
    weight: 1,
    permission: 'View Setup and Configuration or Manage Flow',
    advice: 'Delete the versions that are neither active nor needed.',
    sources: [tooling('SELECT DefinitionId, COUNT(Id) n FROM Flow GROUP BY DefinitionId')],
    judge(readings) {
      const many = rowsOf(readings)
        .filter((row) => numberAt(row, 'n') > manyVersions)
        .toSorted((a, b) => numberAt(b, 'n') - numberAt(a, 'n'));
      return {
        status: many.length > 0 ? 'warn' : 'pass',
        evidence: `${many.length} flows have more than ${manyVersions} versions.`,
        details: many.map((row) => `${textAt(row, 'DefinitionId')}: ${numberAt(row, 'n')} versions`),
      };
    },
  },
  {
    id: 'async_jobs',
    title: 'Asynchronous Apex jobs',
    category: 'automation',
    weight: 2,
    permission: 'View Setup and Configuration',
    advice: 'See Setup, Apex Jobs, for the errors, and fix or stop what keeps failing.',
    sources: [query('SELECT Status, JobType, COUNT(Id) n FROM AsyncApexJob WHERE CreatedDate = LAST_N_DAYS:7 GROUP BY Status, JobType')],
    judge(readings) {
      const rows = rowsOf(readings);
      const sum = (list: typeof rows) => list.reduce((total, row) => total + numberAt(row, 'n'), 0);
      const failed = rows.filter((row) => /^(Failed|Aborted)$/.test(textAt(row, 'Status')));
      const [bad, all] = [sum(failed), sum(rows)];
      const percent = all === 0 ? 0 : Math.round((bad / all) * 100);
      return {
        status: percent >= 10 ? 'fail' : bad > 0 ? 'warn' : 'pass',
        evidence: `${bad} of ${all} jobs of the last 7 days failed or were aborted (${percent} %).`,
        details: failed.map((row) => `${numberAt(row, 'n')} × ${textAt(row, 'JobType')}: ${textAt(row, 'Status')}`),
      };
    },
  },
  {
    id: 'scheduled_jobs',
    title: 'Scheduled jobs',
    category: 'automation',
    weight: 1,
    permission: 'View Setup and Configuration',
    advice: 'See Setup, Scheduled Jobs, and restart or delete what is stuck.',
    sources: [query('SELECT State, COUNT(Id) n FROM CronTrigger GROUP BY State')],
    judge(readings) {
      const rows = rowsOf(readings);
      const inState = (form: RegExp) => rows.filter((row) => form.test(textAt(row, 'State')));
      const stuck = inState(/^(ERROR|BLOCKED)$/);
      const paused = inState(/^PAUSED/);
      return {
        status: stuck.length > 0 ? 'fail' : paused.length > 0 ? 'warn' : 'pass',
        evidence: stuck.length + paused.length > 0 ? 'Some scheduled jobs do not run.' : 'No scheduled job is stuck or paused.',
        details: [...stuck, ...paused].map((row) => `${textAt(row, 'State')}: ${numberAt(row, 'n')}`),
      };
    },
  },
  {
    id: 'debug_logs',
    title: 'Debug logs that are left on',
    category: 'automation',
    weight: 1,
    permission: 'View All Data or Manage Users',
    advice: 'Remove trace flags that are no longer needed (Setup, Debug Logs): logs slow the org and fill its log storage.',
    sources: [query('SELECT Id, LogUserId, LogLength, StartTime, Operation FROM ApexLog ORDER BY StartTime DESC LIMIT 50')],
    judge(readings) {
      const rows = rowsOf(readings);
      const bytes = rows.reduce((sum, row) => sum + numberAt(row, 'LogLength'), 0);
      return {
        status: rows.length >= 50 ? 'warn' : 'pass',
        evidence: `${rows.length === 50 ? 'At least 50' : rows.length} debug logs are kept, ${Math.round(bytes / 1024)} KB in the newest.`,
      };
    },
  },
];
