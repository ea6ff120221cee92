import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SavedRow } from '../src/schemas.ts';
import { startOrg, route, type Org } from './start-org.ts';
import { readRecordings, recordingNames, vendorDataIsHere, type Recording } from '../../../test/vendor-descriptions/vendor-data.ts';

const id = '001000000000001';
type Answer = Recording['response'];

/** Recorded answers that no tool can receive, and why. */
const unmet: Readonly<Record<string, string>> = {
  'bulk1-result-csv-200': 'No tool makes jobs of the Bulk API: a model writes at most 200 rows, in one request.',
  'collections-retrieve-200': 'The tools read several records with SOQL: no tool sends a GET to composite/sobjects.',
  'composite-batch-200': 'The tools combine queries in a composite request: no tool sends composite/batch.',
  'composite-graph-200': 'No tool sends composite/graph.',
  'jobs-query-create-200': 'No tool makes jobs of the Bulk API.',
  'tooling-executeAnonymous-200': 'No tool runs Apex.',
  'tooling-runTestsAsynchronous-200': 'No tool runs Apex tests.',
};

describe.skipIf(!vendorDataIsHere)('the recorded answers of real orgs', () => {
  let recordings: ReadonlyMap<string, Recording>;
  let org: Org;

  beforeAll(async () => {
    recordings = readRecordings('salesforce');
    org = await startOrg();
  });
  afterAll(() => org.close());

  const recorded = (name: string): Answer => {
    const recording = recordings.get(name);
    if (!recording) throw new Error(`There is no recording ${name}`);
    return recording.response;
  };
  /** Makes the sandbox send a recorded answer to the next request of a route. */
  const replay = (match: string, { status, headers, body }: Answer) =>
    org.sandbox.misbehave({ kind: 'status', match, status, headers, body });

  const account = { object: 'Account', fields: { Name: 'A' } };
  async function isNewRecord(answer: Answer): Promise<void> {
    replay(route('POST', '/sobjects/{object}'), answer);
    expect((await org.call('salesforce_create_record', account))['id']).toMatch(/^00[13]\w{15}$/);
  }
  /** Makes the sandbox answer every Tooling query with a recorded answer, inside the composite request that contains the query. */
  async function examineWith(answer: Answer, categories: readonly string[]) {
    org.sandbox.misbehave({
      kind: 'change',
      match: route('POST', '/tooling/composite'),
      change(given) {
        const { compositeResponse } = given.body as { compositeResponse: readonly object[] };
        return { ...given, body: { compositeResponse: compositeResponse.map((part) => ({ ...part, body: answer.body })) } };
      },
    });
    const { checks } = await org.call('salesforce_org_health_check', { categories, detail: 'full' });
    return (id: string) => checks.find((check: { id: string }) => check.id === id) as Record<string, unknown>;
  }

  /** Each recording with a test of the tool that receives it: the tool returns an answer that fits its schema, or the documented error. */
  const readings: Readonly<Record<string, (answer: Answer) => Promise<void>>> = {
    'sobject-create-201': isNewRecord,
    'sobject-create-201-postman': isNewRecord,

    async 'collections-create-200'(answer) {
      replay(route('POST', '/composite/sobjects'), answer);
      expect(await org.call('salesforce_create_records', { records: [account] })).toMatchObject({
        succeeded: 1,
        rows: [{ id: '0015500001QdZPKAA3' }],
      });
    },
    async 'collections-update-200'(answer) {
      replay(route('PATCH', '/composite/sobjects'), answer);
      const records = Array.from({ length: 6 }, () => ({ ...account, id }));
      expect(await org.call('salesforce_update_records', { records })).toMatchObject({ succeeded: 6, failed: 0 });
    },
    async 'collections-upsert-updated-200'(answer) {
      replay(route('PATCH', '/composite/sobjects/{object}/{field}'), answer);
      const records = Array.from({ length: 4 }, (_, index) => ({ LastName: 'Bluth', Email: `${index}@example.com` }));
      const { rows } = await org.call('salesforce_upsert_records', { object: 'Contact', externalIdField: 'Email', records });
      expect(rows.map(({ created }: { created: boolean }) => created)).toEqual([false, false, false, true]);
    },
    async 'collections-delete-200'(answer) {
      replay(route('DELETE', '/composite/sobjects'), answer);
      expect(await org.call('salesforce_delete_records', { ids: [id] })).toMatchObject({ succeeded: 1 });
    },

    // The parts belong to another request, so none of this request's queries is answered.
    async 'composite-200'(answer) {
      replay(route('POST', '/composite'), answer);
      expect(await org.failure('salesforce_org_health_check', { categories: ['licences'] })).toMatch(
        /^UPSTREAM_INVALID: Salesforce left a query of a composite request unanswered/,
      );
    },
    async 'composite-subrequest-404-in-200'(answer) {
      const { compositeResponse } = answer.body as { compositeResponse: readonly object[] };
      const parts = ['q0', 'q1', 'q2', 'q3', 'q4'].map((referenceId) => ({ ...compositeResponse[0], referenceId }));
      replay(route('POST', '/composite'), { ...answer, body: { compositeResponse: parts } });
      const { checks, counts } = await org.call('salesforce_org_health_check', { categories: ['licences'] });
      expect(counts).toEqual({ pass: 0, warn: 0, fail: 0, unknown: 4 });
      expect(checks[0].evidence).toContain('NOT_FOUND: The requested resource does not exist');
    },

    async 'tooling-installedsubscriberpackage-200'(answer) {
      const check = await examineWith(answer, ['platform']);
      expect(check('installed_packages')).toMatchObject({
        status: 'pass',
        evidence: '1 packages are installed.',
        details: [expect.stringContaining('(pub)')],
      });
    },
    async 'tooling-query-empty-200'(answer) {
      const check = await examineWith(answer, ['code']);
      expect(check('apex_coverage')).toMatchObject({ status: 'unknown', evidence: 'No coverage is on record: no test has run.' });
      expect(check('uncovered_classes')).toMatchObject({ status: 'pass', evidence: expect.stringContaining('0 of 0 classes') });
    },
    async 'tooling-query-200'(answer) {
      const { totalSize } = answer.body as { totalSize: number };
      const check = await examineWith(answer, ['platform']);
      expect(check('installed_packages')).toMatchObject({ status: 'pass', evidence: `${totalSize} packages are installed.` });
    },
    async 'tooling-apexclass-query-200'(answer) {
      const check = await examineWith(answer, ['platform']);
      expect(check('installed_packages')).toMatchObject({ status: 'pass', evidence: '3 packages are installed.' });
    },
    async 'tooling-apextestresult-query-200'(answer) {
      const check = await examineWith(answer, ['platform']);
      expect(check('installed_packages')).toMatchObject({ status: 'pass', evidence: '3 packages are installed.' });
    },

    async 'limits-recordCount-200'(answer) {
      replay(route('GET', '/limits/recordCount'), answer);
      const { checks } = await org.call('salesforce_org_health_check', { categories: ['limits'], detail: 'full' });
      expect(checks.find((check: { id: string }) => check.id === 'record_counts')).toMatchObject({
        status: 'pass',
        details: ['Account: 1'],
      });
    },

    async 'error-401-invalid-session'(answer) {
      const tokens = org.sent('POST /services/oauth2/token').length;
      await org.call('salesforce_query_records', { soql: 'SELECT COUNT() FROM Account' });
      replay(route('GET', '/query'), answer);
      expect(await org.call('salesforce_query_records', { soql: 'SELECT COUNT() FROM Account' })).toMatchObject({ total: 4 });
      expect(org.sent('POST /services/oauth2/token').length).toBe(Math.max(1, tokens) + 1);
    },
    async 'aggregate-400-exceeded-id-limit'(answer) {
      replay(route('GET', '/query'), answer);
      expect(await org.failure('salesforce_query_records', { soql: 'SELECT Name, COUNT(Id) n FROM Account GROUP BY Name' })).toMatch(
        /^UPSTREAM_REJECTED: .*EXCEEDED_ID_LIMIT.*add LIMIT 2000 or less/,
      );
    },
    async 'upsert-300-multiple'(answer) {
      replay(route('PATCH', '/sobjects/{object}/{field}/{value}'), answer);
      const upsert = { object: 'Account', externalIdField: 'Erp_Id__c', externalId: '1', fields: { Name: 'A' } };
      expect(await org.failure('salesforce_upsert_record', upsert)).toBe(
        'CONFLICT: More than one record has this external id, so nothing was written: foo, bar. Work on one of them by its id, or have the field made unique.',
      );
    },
    // A person has to act.
    async 'oauth-400-invalid-grant-refresh'({ status, body }) {
      const other = await startOrg({}, { refreshToken: 'refresh-token' });
      other.sandbox.misbehave({ kind: 'status', status, body, match: 'POST /services/oauth2/token', times: 5 });
      expect(await other.failure('salesforce_get_org', {})).toMatch(/^UNAUTHENTICATED: /);
      await other.close();
    },
  };

  it.each(Object.entries(readings))('reach a tool as an answer or a documented error: %s', async (name, read) => {
    expect.hasAssertions();
    await read(recorded(name));
  });

  it('all reach a tool, except those with a reason why no tool can receive them', () => {
    expect([...Object.keys(readings), ...Object.keys(unmet)].toSorted()).toEqual(recordingNames('salesforce'));
    for (const reason of Object.values(unmet)) expect(reason).toMatch(/^\S.+\.$/);
  });

  it('report the usage of the org in Sforce-Limit-Info', async () => {
    const other = await startOrg();
    const { headers } = recorded('sobject-create-201-postman');
    expect(headers['sforce-limit-info']).toBe('api-usage=2/15000');
    const used = { 'sforce-limit-info': 'api-usage=15000/15000' };
    other.sandbox.misbehave({
      kind: 'status',
      status: 200,
      headers: used,
      body: { totalSize: 0, done: true, records: [] },
      match: route('GET', '/query'),
    });
    await other.call('salesforce_query_records', { soql: 'SELECT Id FROM Account' });
    expect(await other.failure('salesforce_query_records', { soql: 'SELECT Id FROM Account' })).toMatch(/^RATE_LIMITED/);
    await other.close();
  });

  it('have rows of the same form as the sandbox', async () => {
    const rows = recorded('collections-upsert-updated-200').body as object[];
    const answer = await fetch(`${org.sandbox.url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'consumer-key', client_secret: 'consumer-secret' }),
    });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    const ours = await fetch(`${org.sandbox.url}/services/data/v64.0/composite/sobjects/Account/Erp_Id__c`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ allOrNone: false, records: [{ attributes: { type: 'Account' }, Erp_Id__c: 'E-1' }] }),
    });
    const [row] = (await ours.json()) as object[];
    expect(Object.keys(row ?? {}).sort()).toEqual(Object.keys(rows[0] ?? {}).sort());
    expect(SavedRow.safeParse(row).success).toBe(true);
  });
});
