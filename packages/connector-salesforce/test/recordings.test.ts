import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRecord } from '../src/plain-record.ts';
import { CompositeAnswer, QueryAnswer, RecordCountAnswer, SavedRow } from '../src/schemas.ts';
import { startOrg, route, type Org } from './start-org.ts';
import { readRecordings, vendorDataIsHere, type Recording } from './vendor-data.ts';

const id = '001000000000001';

describe.skipIf(!vendorDataIsHere)('answers that real orgs gave', () => {
  let recordings: ReadonlyMap<string, Recording>;
  let org: Org;
  const met = new Set<string>();

  beforeAll(async () => {
    recordings = readRecordings();
    org = await startOrg();
  });
  afterAll(() => org.close());

  const recorded = (name: string): Recording['response'] => {
    const recording = recordings.get(name);
    if (!recording) throw new Error(`There is no recording ${name}`);
    met.add(name);
    return recording.response;
  };
  /** Has the sandbox give a recorded answer to the next request of a route. */
  const replay = (match: string, name: string) => {
    const { status, headers, body } = recorded(name);
    org.sandbox.misbehave({ kind: 'status', match, status, headers, body });
  };

  it('are read as new records', async () => {
    for (const name of ['sobject-create-201', 'sobject-create-201-postman']) {
      replay(route('POST', '/sobjects/{object}'), name);
      const created = await org.call('salesforce_create_record', { object: 'Account', fields: { Name: 'A' } });
      expect(created['id']).toMatch(/^00[13]\w{15}$/);
    }
  });

  it('are read as rows of collections', async () => {
    const account = { object: 'Account', fields: { Name: 'A' } };
    replay(route('POST', '/composite/sobjects'), 'collections-create-200');
    expect(await org.call('salesforce_create_records', { records: [account] })).toMatchObject({
      succeeded: 1,
      rows: [{ id: '0015500001QdZPKAA3' }],
    });
    replay(route('PATCH', '/composite/sobjects'), 'collections-update-200');
    const updates = Array.from({ length: 6 }, () => ({ ...account, id }));
    expect(await org.call('salesforce_update_records', { records: updates })).toMatchObject({ succeeded: 6, failed: 0 });
    replay(route('PATCH', '/composite/sobjects/{object}/{field}'), 'collections-upsert-updated-200');
    const people = Array.from({ length: 4 }, (_, index) => ({ LastName: 'Bluth', Email: `${index}@example.com` }));
    const upserted = await org.call('salesforce_upsert_records', { object: 'Contact', externalIdField: 'Email', records: people });
    expect(upserted['rows'].map(({ created }: { created: boolean }) => created)).toEqual([false, false, false, true]);
    replay(route('DELETE', '/composite/sobjects'), 'collections-delete-200');
    expect(await org.call('salesforce_delete_records', { ids: [id] })).toMatchObject({ succeeded: 1 });
  });

  it('are read as composites: the status of each part is its own', () => {
    const parts = (name: string) => CompositeAnswer.parse(recorded(name).body).compositeResponse;
    expect(parts('composite-200').map(({ httpStatusCode }) => httpStatusCode)).toEqual([201, 201]);
    expect(parts('composite-subrequest-404-in-200').map(({ httpStatusCode }) => httpStatusCode)).toEqual([404]);
  });

  it('make a check unknown where a part of a composite was refused', async () => {
    const { body } = recorded('composite-subrequest-404-in-200');
    const [part] = CompositeAnswer.parse(body).compositeResponse;
    const compositeResponse = ['q0', 'q1', 'q2', 'q3', 'q4'].map((referenceId) => ({ ...part, referenceId }));
    org.sandbox.misbehave({ kind: 'status', status: 200, body: { compositeResponse }, match: route('POST', '/composite') });
    const { checks, counts } = await org.call('salesforce_org_health_check', { categories: ['licences'] });
    expect(counts).toEqual({ pass: 0, warn: 0, fail: 0, unknown: 4 });
    expect(checks[0].evidence).toContain('NOT_FOUND: The requested resource does not exist');
  });

  it('are read as results of tooling queries, empty ones too', () => {
    const rows = (name: string) => QueryAnswer.parse(recorded(name).body).records.map((record) => plainRecord(record));
    expect(rows('tooling-query-200')[0]).toMatchObject({ DeveloperName: 'Slack_Webhook_for_integration_Channel' });
    expect(rows('tooling-query-empty-200')).toEqual([]);
    expect(rows('tooling-apexclass-query-200').map(({ Name }) => Name)).toEqual([
      'SamplePage_CTRL_TEST',
      'SampleClass_TEST',
      'SampleClass2_TEST',
    ]);
    expect(rows('tooling-apextestresult-query-200')).toHaveLength(3);
    expect(rows('tooling-installedsubscriberpackage-200')).toEqual([
      { SubscriberPackage: { Id: '033i0000000ElVOAA0', NamespacePrefix: 'pub' }, SubscriberPackageVersionId: '04ti0000000GSu9AAG' },
    ]);
  });

  it('are read as counts of records', () => {
    expect(RecordCountAnswer.parse(recorded('limits-recordCount-200').body).sObjects).toMatchObject([{ name: 'Account', count: 1 }]);
  });

  it('end a session, which is renewed once', async () => {
    replay(route('GET', '/query'), 'error-401-invalid-session');
    expect(await org.call('salesforce_query_records', { soql: 'SELECT COUNT() FROM Account' })).toMatchObject({ total: 4 });
    expect(org.sent('POST /services/oauth2/token')).toHaveLength(2);
  });

  it('refuse with what to do: groups beyond one page, and an external id of several records', async () => {
    replay(route('GET', '/query'), 'aggregate-400-exceeded-id-limit');
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Name, COUNT(Id) n FROM Account GROUP BY Name' })).toMatch(
      /^UPSTREAM_REJECTED: .*EXCEEDED_ID_LIMIT.*add LIMIT 2000 or less/,
    );
    replay(route('PATCH', '/sobjects/{object}/{field}/{value}'), 'upsert-300-multiple');
    const upsert = { object: 'Account', externalIdField: 'Erp_Id__c', externalId: '1', fields: { Name: 'A' } };
    expect(await org.failure('salesforce_upsert_record', upsert)).toBe(
      'CONFLICT: More than one record has this external id, so nothing was written: foo, bar. Work on one of them by its id, or have the field made unique.',
    );
  });

  it('refuse a refresh token that has ended, and a person has to act', async () => {
    const other = await startOrg({}, { refreshToken: 'refresh-token' });
    const { status, body } = recorded('oauth-400-invalid-grant-refresh');
    other.sandbox.misbehave({ kind: 'status', status, body, match: 'POST /services/oauth2/token', times: 5 });
    expect(await other.failure('salesforce_get_org', {})).toMatch(/^UNAUTHENTICATED: /);
    await other.close();
  });

  it('tell by Sforce-Limit-Info how the org stands', async () => {
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

  it('were all met, but for those of operations that the connector does not use', () => {
    const unused = [
      'bulk1-result-csv-200',
      'collections-retrieve-200',
      'composite-batch-200',
      'composite-graph-200',
      'jobs-query-create-200',
      'tooling-executeAnonymous-200',
      'tooling-runTestsAsynchronous-200',
    ];
    expect([...recordings.keys()].filter((name) => !met.has(name)).sort()).toEqual(unused);
  });

  it('have rows of the same form as the sandbox’s', async () => {
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
