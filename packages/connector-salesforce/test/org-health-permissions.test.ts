import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orgHealthChecks } from '../src/health/org-health.ts';
import type { Source } from '../src/health/org-check.ts';
import { parseSoql } from '../src/sandbox/soql-parse.ts';
import { route, startOrg, type Org } from './start-org.ts';

let org: Org;
beforeEach(async () => {
  org = await startOrg();
});
afterEach(() => org.close());

const setup = 'View Setup and Configuration';

/** The permission that the connection's user needs for each check. */
const permissions: Readonly<Record<string, string>> = {
  security_score: 'View Health Check',
  security_risks: 'View Health Check',
  failed_logins: 'Manage Users',
  multi_factor: 'Manage Users',
  setup_changes: setup,
  stale_oauth_tokens: 'Manage Users',
  connected_apps: 'Manage Connected Apps',
  org_limits: setup,
  record_counts: setup,
  user_licences: setup,
  permission_set_licences: setup,
  package_licences: 'Manage Package Licenses',
  usage_entitlements: setup,
  inactive_users: setup,
  powerful_users: setup,
  unused_profiles: setup,
  unused_permission_sets: setup,
  org_wide_defaults: setup,
  external_sharing: setup,
  apex_coverage: setup,
  uncovered_classes: setup,
  old_apex_versions: `Author Apex or ${setup}`,
  flows: `${setup} or Manage Flow`,
  flow_versions: `${setup} or Manage Flow`,
  async_jobs: setup,
  scheduled_jobs: setup,
  debug_logs: 'View All Data or Manage Users',
  trial: 'API Enabled',
  release_updates: setup,
  installed_packages: `Download AppExchange Packages or ${setup}`,
  optimizer: 'Customize Application',
};

const checks = orgHealthChecks('v64.0');
/** The objects that a source reads, including objects in subqueries, or its resource. */
function readBy(source: Source): string[] {
  if (source.kind !== 'query') return [source.kind === 'limits' ? 'limits' : 'recordCount'];
  return Array.from(source.soql.matchAll(/\bFROM (\w+)/g), ([, object = '']) => object);
}
const refusable = [...new Set(checks.flatMap(({ sources }) => sources.flatMap(readBy)))];
const readersOf = (name: string) => checks.filter(({ sources }) => sources.flatMap(readBy).includes(name)).map(({ id }) => id);

interface Report {
  readonly summary: string;
  readonly score?: number;
  readonly grade?: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly checks: readonly {
    readonly id: string;
    readonly status: string;
    readonly evidence: string;
    readonly missingPermission?: string;
  }[];
}
const examine = () => org.call<Report>('salesforce_org_health_check', {});
/** Makes Salesforce answer every query of one object with an error. */
const failQueriesOf = (object: string, status: number, errorCode: string) =>
  org.sandbox.misbehave({
    kind: 'change',
    match: ({ route: sentTo = '' }) => sentTo.endsWith('/composite'),
    times: 20,
    change(answer, { body }) {
      const { compositeRequest } = body as { compositeRequest: readonly { url: string }[] };
      const { compositeResponse } = answer.body as { compositeResponse: readonly object[] };
      const isOf = (url = '') => parseSoql(new URL(url, 'https://org').searchParams.get('q') ?? '').from === object;
      const error = { body: [{ errorCode, message: 'No.' }], httpStatusCode: status };
      const parts = compositeResponse.map((part, index) => (isOf(compositeRequest[index]?.url) ? { ...part, ...error } : part));
      return { ...answer, body: { compositeResponse: parts } };
    },
  });

describe('if the connection’s user lacks a right', () => {
  it('each check has a permission to name', () => {
    expect(Object.keys(permissions).toSorted()).toEqual(checks.map(({ id }) => id).toSorted());
    expect(new Set(refusable.flatMap(readersOf))).toEqual(new Set(Object.keys(permissions)));
  });

  it.each(refusable.map((name) => [name, readersOf(name)] as const))(
    'to see %s, only the checks %j are unknown, and each names its permission',
    async (name, readers) => {
      org.sandbox.refuse(name);
      const report = await examine();
      expect(
        report.checks
          .filter(({ status }) => status !== 'pass')
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(readers.toSorted());
      for (const { id, status, evidence, missingPermission } of report.checks.filter((check) => readers.includes(check.id))) {
        expect({ id, status, missingPermission }).toEqual({ id, status: 'unknown', missingPermission: permissions[id] });
        expect(evidence).toContain('INSUFFICIENT_ACCESS');
        expect(report.summary).toContain(`the connection’s user may need: `);
        expect(report.summary).toContain(permissions[id]);
      }
      // A healthy org has an A. A user who sees less of it gives it no A.
      const heavy = checks.filter(({ id, weight }) => readers.includes(id) && weight > 0);
      const deciding = heavy.some(({ weight }) => weight >= 3);
      expect(report.grade).toBe(deciding ? undefined : heavy.length > 0 ? 'B' : 'A');
      expect(report.summary).toMatch(deciding ? /has no grade: “.+” is unknown, and it decides the grade\./ : /has (at least )?grade/);
      expect(report).toMatchObject({ counts: { pass: checks.length - readers.length, unknown: readers.length } });
      expect(org.sent().length).toBeLessThanOrEqual(20);
    },
  );

  it.each([
    ['INVALID_TYPE', 400],
    ['INVALID_FIELD', 400],
    ['INSUFFICIENT_ACCESS_OR_READONLY', 400],
    ['API_DISABLED_FOR_ORG', 403],
  ])('and Salesforce answers %s, the check names the permission too', async (code, status) => {
    failQueriesOf('PackageLicense', status, code);
    const found = (await examine()).checks.filter((check) => check.status !== 'pass');
    expect(found).toEqual([
      expect.objectContaining({ id: 'package_licences', status: 'unknown', missingPermission: permissions['package_licences'] }),
    ]);
    expect(found[0]?.evidence).toContain(code);
    const absent = code === 'INVALID_TYPE' || code === 'INVALID_FIELD';
    expect(found[0]?.evidence.startsWith(absent ? 'The org does not have this, or hides it' : 'Salesforce did not show it')).toBe(true);
  });

  it('to read anything at all, the call fails without a report', async () => {
    org.sandbox.misbehave({ kind: 'status', status: 403, times: 50, match: ({ path }) => path.startsWith('/services/data') });
    expect(await org.failure('salesforce_org_health_check', {})).toMatch(/^FORBIDDEN: /);
  });
});

describe('if a check fails for another reason', () => {
  it.each([
    ['EXCEEDED_ID_LIMIT', 400],
    ['QUERY_TIMEOUT', 400],
    ['UNKNOWN_EXCEPTION', 500],
  ])('such as %s, it is unknown and names no permission', async (code, status) => {
    failQueriesOf('PackageLicense', status, code);
    const report = await examine();
    const [found] = report.checks.filter((check) => check.status !== 'pass');
    expect(found).toMatchObject({ id: 'package_licences', status: 'unknown', evidence: expect.stringContaining(code) });
    expect(found).not.toHaveProperty('missingPermission');
    expect(report.summary).not.toContain('may need');
  });

  it('such as the failure of a whole request, it names no permission', async () => {
    org.sandbox.misbehave({ kind: 'status', status: 500, times: 10, match: route('POST', '/tooling/composite') });
    const report = await examine();
    expect(report.counts).toMatchObject({ pass: 24, unknown: 7 });
    expect(report.checks.filter((check) => check.missingPermission !== undefined)).toEqual([]);
  });
});

it('a check does not pass if Salesforce has more rows and does not say where', async () => {
  org.sandbox.misbehave({
    kind: 'change',
    match: route('POST', '/composite'),
    times: 20,
    change(answer) {
      const { compositeResponse } = answer.body as { compositeResponse: readonly { body: object }[] };
      const cut = compositeResponse.map((part) => ({ ...part, body: { ...part.body, done: false, totalSize: 5_000 } }));
      return { ...answer, body: { compositeResponse: cut } };
    },
  });
  const flows = (await examine()).checks.find(({ id }) => id === 'flows');
  expect(flows).toMatchObject({ status: 'unknown', evidence: expect.stringMatching(/Only \d+ of 5000 rows were looked at\.$/) });
});
