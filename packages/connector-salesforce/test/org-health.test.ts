import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orgHealthCategories, orgHealthChecks } from '../src/health/org-health.ts';
import type { OrgRecord } from '../src/sandbox.ts';
import { route, startOrg, type Org } from './start-org.ts';

let org: Org;
beforeEach(async () => {
  org = await startOrg();
});
afterEach(() => org.close());

const day = 86_400_000;
const inDays = (days: number): string => new Date(Date.now() + days * day).toISOString();
const first = (object: string): OrgRecord => org.sandbox.records(object)[0] as OrgRecord;
const several = (object: string, count: number, fields: object) => {
  for (let index = 0; index < count; index += 1) org.sandbox.add(object, { ...fields });
};
interface ReportedCheck {
  readonly id: string;
  readonly status: string;
  readonly evidence: string;
  readonly details?: readonly string[];
  readonly advice?: string;
  readonly missingPermission?: string;
}
const examine = (input: object = {}) => org.call<Record<string, any> & { checks: ReportedCheck[] }>('salesforce_org_health_check', input);

it('finds no problems in a healthy org, with nine API calls', async () => {
  const report = await examine();
  expect(report.checks.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(report).toMatchObject({ score: 100, grade: 'A', counts: { pass: 31, warn: 0, fail: 0, unknown: 0 }, apiCalls: 9 });
  expect(report['org']).toMatchObject({ name: 'Example Org', edition: 'Enterprise Edition', sandbox: true });
  expect(report['summary']).toBe(
    'Example Org has grade A, 100 of 100 by our own weights, from 31 of 31 checks. 31 checks: 31 passed, 0 to be looked at, 0 failed, 0 unknown.',
  );
  expect(org.sent()).toHaveLength(9);
});

/** For each check: a fault that only this check finds, the status, and the evidence that the check must report. */
const faults: readonly (readonly [check: string, status: 'warn' | 'fail', evidence: string | RegExp, seed: () => unknown])[] = [
  [
    'security_score',
    'fail',
    '54 of 100 (Very Poor), as Salesforce states it.',
    () => org.sandbox.change(first('SecurityHealthCheck'), { Score: '54' }),
  ],
  [
    'security_score',
    'warn',
    '79 of 100 (Good), as Salesforce states it.',
    () => org.sandbox.change(first('SecurityHealthCheck'), { Score: '79' }),
  ],
  [
    'security_risks',
    'fail',
    '1 settings are a high risk, 0 a medium one.',
    () => org.sandbox.add('SecurityHealthCheckRisks', { RiskType: 'HIGH_RISK', Setting: 'Lockout', OrgValue: 'none', StandardValue: '3' }),
  ],
  [
    'security_risks',
    'warn',
    '0 settings are a high risk, 1 a medium one.',
    () => org.sandbox.add('SecurityHealthCheckRisks', { RiskType: 'MEDIUM_RISK', Setting: 'Lockout' }),
  ],
  [
    'failed_logins',
    'fail',
    '30 of 32 logins of the last 7 days failed (94 %).',
    () => several('LoginHistory', 30, { Status: 'Invalid Password', LoginType: 'Application', LoginTime: inDays(-1) }),
  ],
  [
    'multi_factor',
    'warn',
    /No login with a second factor/,
    () => org.sandbox.records('VerificationHistory').forEach((record) => org.sandbox.change(record, { Policy: 'DeviceActivation' })),
  ],
  [
    'setup_changes',
    'warn',
    '2 changes in the last 30 days, 1 by someone logged in as another user.',
    () => org.sandbox.add('SetupAuditTrail', { DelegateUser: 'eve@example.com', Display: 'Changed profile' }),
  ],
  [
    'stale_oauth_tokens',
    'warn',
    '1 tokens were not used for 90 days.',
    () => org.sandbox.add('OauthToken', { AppName: 'Old', LastUsedDate: inDays(-200) }),
  ],
  [
    'connected_apps',
    'warn',
    '1 of 2 connected apps let users authorize themselves.',
    () => org.sandbox.add('ConnectedApplication', { Name: 'Open', OptionsAllowAdminApprovedUsersOnly: false }),
  ],
  ['org_limits', 'fail', '1 of 7 limits are at least 80 % used.', () => org.sandbox.setLimit('DataStorageMB', 1_000, 50)],
  ['org_limits', 'warn', '1 of 7 limits are at least 80 % used.', () => org.sandbox.setLimit('DataStorageMB', 1_000, 200)],
  ['record_counts', 'warn', '1 objects have 5,000,000 records or more.', () => org.sandbox.setRecordCount('Case', 5_000_000)],
  [
    'user_licences',
    'fail',
    '1 of 1 are at least 80 % used or end within 30 days.',
    () => org.sandbox.change(first('UserLicense'), { UsedLicenses: 10 }),
  ],
  [
    'permission_set_licences',
    'warn',
    /^1 of 1/,
    () => org.sandbox.change(first('PermissionSetLicense'), { ExpirationDate: inDays(20).slice(0, 10) }),
  ],
  ['package_licences', 'fail', /^1 of 1/, () => org.sandbox.change(first('PackageLicense'), { ExpirationDate: inDays(-2) })],
  ['usage_entitlements', 'warn', /^1 of 1/, () => org.sandbox.change(first('TenantUsageEntitlement'), { AmountUsed: 900 })],
  [
    'inactive_users',
    'warn',
    '2 active users have not logged in for 90 days or ever.',
    () =>
      [inDays(-100), null].forEach((LastLoginDate) =>
        org.sandbox.add('User', { Name: 'Gone', IsActive: true, UserType: 'Standard', LastLoginDate }),
      ),
  ],
  ['powerful_users', 'warn', '6 active users may modify all data; 6 may do that, view all data or manage users.', () => grant(5)],
  ['powerful_users', 'fail', '11 active users may modify all data; 11 may do that, view all data or manage users.', () => grant(10)],
  [
    'unused_profiles',
    'warn',
    '1 custom profiles have no active user.',
    () =>
      org.sandbox.add('PermissionSet', {
        IsOwnedByProfile: true,
        IsCustom: true,
        ProfileId: org.sandbox.add('Profile', { Name: 'Unused' }).Id,
      }),
  ],
  [
    'unused_permission_sets',
    'warn',
    '1 custom permission sets are assigned to no user.',
    () => org.sandbox.add('PermissionSet', { Label: 'Unused', IsOwnedByProfile: false, IsCustom: true }),
  ],
  [
    'org_wide_defaults',
    'warn',
    '1 of 5 main objects may be changed by every user.',
    () => org.sandbox.change(first('Organization'), { DefaultLeadAccess: 'ReadEditTransfer' }),
  ],
  [
    'external_sharing',
    'fail',
    'External users may change 1 and read 0 of 5 main objects by default.',
    () => org.sandbox.change(first('EntityDefinition'), { ExternalSharingModel: 'ReadWrite' }),
  ],
  [
    'external_sharing',
    'warn',
    'External users may change 0 and read 1 of 5 main objects by default.',
    () => org.sandbox.change(first('EntityDefinition'), { ExternalSharingModel: 'Read' }),
  ],
  [
    'apex_coverage',
    'fail',
    'Tests cover 74 % of the org’s Apex; Salesforce demands 75 %.',
    () => org.sandbox.change(first('ApexOrgWideCoverage'), { PercentCovered: 74 }),
  ],
  [
    'uncovered_classes',
    'warn',
    '1 of 1 classes and triggers are covered by less than 75 %.',
    () => org.sandbox.change(first('ApexCodeCoverageAggregate'), { NumLinesUncovered: 91 }),
  ],
  [
    'old_apex_versions',
    'warn',
    '3 classes and triggers are of API versions more than three years old (below 55).',
    () => [several('ApexClass', 2, { ApiVersion: 29 }), several('ApexTrigger', 1, { ApiVersion: 54 })],
  ],
  [
    'flows',
    'warn',
    'Of 2 active flows 1 are Process Builder processes and 1 have no description.',
    () => org.sandbox.add('FlowDefinitionView', { ApiName: 'Old_Process', ProcessType: 'Workflow', IsActive: true }),
  ],
  ['flow_versions', 'warn', '1 flows have more than 7 versions.', () => several('Flow', 8, { DefinitionId: '300000000000002AAA' })],
  [
    'async_jobs',
    'fail',
    '1 of 2 jobs of the last 7 days failed or were aborted (50 %).',
    () => org.sandbox.add('AsyncApexJob', { Status: 'Failed', JobType: 'Queueable' }),
  ],
  [
    'async_jobs',
    'warn',
    '1 of 21 jobs of the last 7 days failed or were aborted (5 %).',
    () => [org.sandbox.add('AsyncApexJob', { Status: 'Aborted' }), several('AsyncApexJob', 19, { Status: 'Completed' })],
  ],
  ['scheduled_jobs', 'fail', 'Some scheduled jobs do not run.', () => org.sandbox.add('CronTrigger', { State: 'ERROR' })],
  ['debug_logs', 'warn', /^At least 50 debug logs/, () => several('ApexLog', 60, { LogLength: 1_024 })],
  [
    'trial',
    'fail',
    /^The trial ends in (9|10) days\.$/,
    () => org.sandbox.change(first('Organization'), { TrialExpirationDate: inDays(10) }),
  ],
  [
    'release_updates',
    'fail',
    '1 release updates with steps to do are due within 90 days.',
    () => org.sandbox.change(first('ReleaseUpdate'), { DueDate: inDays(-3) }),
  ],
  [
    'release_updates',
    'warn',
    '1 release updates with steps to do are due within 90 days.',
    () => org.sandbox.change(first('ReleaseUpdate'), { DueDate: inDays(60) }),
  ],
  [
    'optimizer',
    'fail',
    '1 of 1 features that Optimizer looked at are at least 80 % used; 0 could not be looked at.',
    () => org.sandbox.change(first('OrgMetricScanSummary'), { PercentUsage: 99 }),
  ],
];

function grant(count: number): void {
  const all = org.sandbox.records('PermissionSet').find((record) => record['PermissionsModifyAllData'] === true);
  for (let index = 0; index < count; index += 1) {
    const user = org.sandbox.add('User', { Name: `Admin ${index}`, IsActive: true, UserType: 'Standard', LastLoginDate: inDays(-1) });
    org.sandbox.add('PermissionSetAssignment', { AssigneeId: user.Id, PermissionSetId: all?.Id });
  }
}

describe('a seeded fault', () => {
  it.each(faults)('is found only by %s, as %s: %s', async (id, status, evidence, seed) => {
    seed();
    const { checks, grade, apiCalls } = await examine();
    const found = checks.filter((check) => check.status !== 'pass');
    expect(found).toEqual([
      expect.objectContaining({ id, status, evidence: typeof evidence === 'string' ? evidence : expect.stringMatching(evidence) }),
    ]);
    expect(found[0]?.advice).toMatch(/\S/);
    expect(grade).not.toBe(status === 'fail' ? 'A' : 'F');
    expect(apiCalls).toBeLessThanOrEqual(20);
  });

  it('exists for every check except installed_packages, which is informational', () => {
    const checks = orgHealthChecks('v64.0');
    const seeded = new Set(faults.map(([id]) => id));
    expect(checks.filter(({ id }) => !seeded.has(id)).map(({ id, weight }) => [id, weight])).toEqual([['installed_packages', 0]]);
    expect([...seeded].filter((id) => !checks.some((check) => check.id === id))).toEqual([]);
  });

  it('is found among all others, the worst first, in at most 20 API calls', async () => {
    for (const [, , , seed] of faults) seed();
    const report = await examine();
    const statuses = report.checks.map(({ status }) => status);
    expect(statuses).toEqual(
      statuses.toSorted((a, b) => ['fail', 'warn', 'unknown', 'pass'].indexOf(a) - ['fail', 'warn', 'unknown', 'pass'].indexOf(b)),
    );
    expect(report.checks.filter(({ status }) => status === 'pass').map(({ id }) => id)).toEqual(['installed_packages']);
    expect(report['grade']).toBe('F');
    expect(report['summary']).toMatch(/ \d+ failed, 0 unknown\. Failed: .+ To be looked at: /);
    expect(org.sent().length).toBeLessThanOrEqual(20);
  });
});

describe('an org with many rows', () => {
  it('is read page by page, within 20 API calls, if a check needs all rows', async () => {
    const clean = { QualifiedApiName: 'x', OptionsAllowAdminApprovedUsersOnly: true };
    several('ConnectedApplication', 4_500, clean);
    org.sandbox.add('ConnectedApplication', { Name: 'The last one', OptionsAllowAdminApprovedUsersOnly: false });
    const { checks, apiCalls } = await examine({ categories: ['security'] });
    expect(checks[0]).toMatchObject({ id: 'connected_apps', status: 'warn', details: ['The last one'] });
    expect(apiCalls).toBe(5);
    expect(org.sent()).toHaveLength(5);
  });

  it('does not pass a check if not every row was read', async () => {
    several('ConnectedApplication', 49_000, { OptionsAllowAdminApprovedUsersOnly: true });
    const { checks, apiCalls } = await examine({ categories: ['security'] });
    expect(apiCalls).toBe(20);
    expect(org.sent()).toHaveLength(20);
    expect(checks[0]).toMatchObject({
      id: 'connected_apps',
      status: 'unknown',
      evidence: expect.stringMatching(/Only \d+ of 49001 rows were looked at\.$/),
    });
  });

  it('is counted and not read if only the number matters', async () => {
    several('OauthToken', 3_000, { AppName: 'Old', LastUsedDate: inDays(-200) });
    const { checks, apiCalls } = await examine({ categories: ['security'] });
    expect(checks[0]).toMatchObject({ evidence: '3000 tokens were not used for 90 days.' });
    expect(checks[0]?.details).toHaveLength(11);
    expect(apiCalls).toBe(3);
  });

  it('is read page by page from Tooling too', async () => {
    several('ReleaseUpdate', 2_100, { Title: 'Late', DueDate: inDays(300), NumSteps: 1, NumCompSteps: 0 });
    org.sandbox.add('ReleaseUpdate', { Title: 'The last one', DueDate: inDays(3), NumSteps: 1, NumCompSteps: 0 });
    const { checks } = await examine({ categories: ['platform'] });
    expect(checks[0]).toMatchObject({ id: 'release_updates', status: 'fail' });
    expect(org.sent(route('GET', '/tooling/query/{locator}'))).toHaveLength(1);
  });
});

describe('failures inside a 200', () => {
  /** Answers each query of every composite with an error. */
  const failParts = (httpStatusCode: number, errorCode: string, message: string, times: number) =>
    org.sandbox.misbehave({
      kind: 'change',
      match: ({ route: sentTo = '' }) => sentTo.endsWith('/composite'),
      times,
      change(answer) {
        const { compositeResponse } = answer.body as { compositeResponse: readonly object[] };
        const failed = { body: [{ errorCode, message }], httpStatusCode };
        return { ...answer, body: { compositeResponse: compositeResponse.map((part) => ({ ...part, ...failed })) } };
      },
    });
  const composites = () => org.sent().filter(({ route: sentTo = '' }) => sentTo.endsWith('/composite'));

  it('in every part are repeated if they are temporary', async () => {
    failParts(500, 'UNKNOWN_EXCEPTION', 'An unexpected error occurred', 1);
    expect(await examine({ categories: ['licences'] })).toMatchObject({ score: 100, counts: { pass: 4 }, apiCalls: 2 });
    expect(composites()).toHaveLength(2);
  });

  it.each([
    [500, 'UNKNOWN_EXCEPTION'],
    [400, 'QUERY_TIMEOUT'],
    [400, 'EXCEEDED_ID_LIMIT'],
  ])('in every part leave no grade: %i %s', async (status, code) => {
    failParts(status, code, 'No.', 1_000);
    const report = await examine();
    expect(report).not.toHaveProperty('grade');
    expect(report).not.toHaveProperty('score');
    expect(report['notGraded']).toMatch(/is unknown, and it decides the grade$/);
    expect(report['summary']).toContain(`Example Org has no grade: `.replace('Example Org', report['org']?.name ?? 'The org'));
  });

  it('that name the daily limit end the check at once, even in one part', async () => {
    org.sandbox.misbehave({
      kind: 'change',
      match: route('POST', '/composite'),
      change(answer) {
        const { compositeResponse } = answer.body as { compositeResponse: readonly object[] };
        const error = { body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' }], httpStatusCode: 403 };
        return {
          ...answer,
          body: { compositeResponse: compositeResponse.map((part, index) => (index === 2 ? { ...part, ...error } : part)) },
        };
      },
    });
    expect(await org.failure('salesforce_org_health_check', { categories: ['licences'] })).toMatch(
      /^RATE_LIMITED: The org has used up its API requests for 24 hours\./,
    );
    expect(composites()).toHaveLength(1);
  });

  it('are counted in the summary if they leave a grade', async () => {
    org.sandbox.refuse('ConnectedApplication');
    const report = await examine();
    expect(report['grade']).toBe('B');
    expect(report['summary']).toMatch(
      /^Example Org has at least grade B, 98 of 100 by our own weights, from 30 of 31 checks\. The 1 that could not be read count as failed\./,
    );
  });
});

it('does not pass a check that found no rows where every org has some', async () => {
  const hidden = ['PermissionSetAssignment', 'UserLicense', 'LoginHistory', 'EntityDefinition'];
  org.sandbox.misbehave({
    kind: 'change',
    match: route('POST', '/composite'),
    times: 20,
    change(answer, { body }) {
      const { compositeRequest } = body as { compositeRequest: readonly { url: string }[] };
      const { compositeResponse } = answer.body as { compositeResponse: readonly object[] };
      const empty = { body: { totalSize: 0, done: true, records: [] } };
      const parts = compositeResponse.map((part, index) =>
        hidden.some((object) => decodeURIComponent(compositeRequest[index]?.url ?? '').includes(`FROM ${object} `))
          ? { ...part, ...empty }
          : part,
      );
      return { ...answer, body: { compositeResponse: parts } };
    },
  });
  const report = await examine();
  const unknown = report.checks.filter(({ status }) => status === 'unknown');
  expect(unknown.map(({ id }) => id).toSorted()).toEqual([
    'external_sharing',
    'failed_logins',
    'powerful_users',
    'unused_profiles',
    'user_licences',
  ]);
  for (const { evidence, missingPermission } of unknown) {
    expect(evidence).toContain('every org has some');
    expect(missingPermission).toMatch(/\S/);
  }
  expect(report).not.toHaveProperty('grade');
});

it.each(orgHealthCategories)('runs only the checks of %s on request', async (category) => {
  const { checks } = await examine({ categories: [category] });
  expect(checks.map(({ id }) => id).toSorted()).toEqual(
    orgHealthChecks('v64.0')
      .filter((check) => check.category === category)
      .map(({ id }) => id)
      .toSorted(),
  );
});

it('shows details of passed checks only on request', async () => {
  const details = async (detail: string) =>
    (await examine({ categories: ['platform'], detail })).checks.find(({ id }) => id === 'installed_packages')?.details;
  expect([await details('summary'), await details('full')]).toEqual([undefined, ['Acme Sign (acme_sign)']]);
});

it('says that Optimizer was not run', async () => {
  org.sandbox.change(first('OrgMetric'), { LatestOrgMetricScanSummaryId: null });
  const { checks } = await examine({ categories: ['platform'] });
  expect(checks[0]).toMatchObject({ id: 'optimizer', status: 'unknown', evidence: expect.stringContaining('has not been run') });
  expect(checks[0]).not.toHaveProperty('missingPermission');
});
