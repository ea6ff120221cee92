import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJudge, type Additions, type JudgedRequest, type Verdict } from '../../connector-zendesk/test/request-judge.ts';
import { orgHealthChecks } from '../src/health/org-health.ts';
import { revenueCloudChecks } from '../src/health/revenue-cloud.ts';
import { parseSoql } from '../src/sandbox/soql-parse.ts';
import { startOrg, type Org } from './start-org.ts';
import { readDescription, vendorDataIsHere } from './vendor-data.ts';

type Json = Record<string, any>;

/**
 * Salesforce's two descriptions as one: the REST resources, in which a record is a placeholder ("field API name"), and the standard objects
 * with their fields, which take its place.
 */
function joined(): Json {
  const platform = readDescription('platform-v64') as Json;
  const sobjects = readDescription('sobjects-v59') as Json;
  const version = { name: 'version', in: 'path', required: true, schema: { type: 'string', pattern: '^v64\\.0$' } };
  const withoutHeaders = (item: Json): Json =>
    Object.fromEntries(
      Object.entries(item).map(([method, operation]) => [
        method,
        typeof operation === 'string'
          ? operation
          : { ...operation, parameters: operation.parameters?.filter((one: Json) => one['in'] !== 'header') },
      ]),
    );
  for (const [path, item] of Object.entries(sobjects['paths'] as Json))
    platform['paths'][`/services/data/{version}${path}`] = { ...withoutHeaders(item), parameters: [version] };
  Object.assign(platform['components'].schemas, sobjects['components'].schemas);
  const record = (...required: string[]) => ({
    allOf: [
      { $ref: '#/components/schemas/AccountSObject' },
      {
        type: 'object',
        required: ['attributes', ...required],
        properties: { attributes: { type: 'object', required: ['type'], properties: { type: { type: 'string' } } } },
      },
    ],
  });
  // Only writes have a body: the recorded composite of a GET has none.
  const part = platform['components'].schemas.CompositeRequest1 as Json;
  part['required'] = part['required'].filter((name: string) => name !== 'body');
  // Three operations have paths of one form, and the connector sends none of these two.
  for (const other of ['{RECORD_ID}/{BLOB_FIELD}', '{RECORD_ID}/{RELATIONSHIP_FIELD_NAME}'])
    delete platform['paths'][`/services/data/{version}/sobjects/{SOBJECT_API_NAME}/${other}`];
  Object.assign(platform['components'].schemas, { Record5: record(), Record6: record('id'), Record7: record() });
  return platform;
}

/** What is documented in prose alone. */
const additions: Additions = {
  'GET /services/data/{version}/sobjects/{SOBJECT_API_NAME}/{FIELD_NAME}/{FIELD_VALUE}': {
    query: { fields: 'sObject Rows by External ID' },
  },
  // Composite, Request Body: it was left out of the examples that the description is made of.
  'POST /services/data/{version}/composite': { body: { allOrNone: { type: 'boolean' } } },
};

/** What the connector sends that neither description knows, and what holds it instead. */
const undescribed = new Map([
  ['GET /services/data', 'the sandbox: the list of versions is public'],
  ['GET /services/data/{version}/query/{locator}', 'nextRecordsUrl of the recorded answers, taken apart and put together again'],
  ['GET /services/data/{version}/tooling/query/{locator}', 'the same'],
  ['PATCH /services/data/{version}/sobjects/{object}/{field}/{value}', 'the recording upsert-300-multiple, and the description of its GET'],
  [
    'POST /services/data/{version}/tooling/composite',
    'Tooling API, Composite: as the composite of data, whose description judges its body below',
  ],
]);

describe.skipIf(!vendorDataIsHere)('every request, held against Salesforce’s own description', () => {
  let org: Org;
  let judge: (request: JudgedRequest) => Verdict;

  beforeAll(async () => {
    judge = createJudge(joined(), additions);
    org = await startOrg();
    const [account, contact] = [org.sandbox.records('Account')[0]?.Id, org.sandbox.records('Contact')[0]?.Id];
    for (let index = 0; index < 250; index += 1) org.sandbox.add('Case', { Subject: 'Bulk' });
    const { nextCursor } = await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Case', limit: 200 });
    await org.call('salesforce_query_records', { cursor: nextCursor });
    await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Case LIMIT 1', includeDeleted: true });
    await org.call('salesforce_search_records', { text: 'sample', objects: [{ name: 'Account', fields: ['Name'] }] });
    await org.call('salesforce_get_record', { object: 'Account', id: account, fields: ['Name'] });
    await org.call('salesforce_get_record', { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'E-1' });
    const fields = { Name: 'A', Industry: 'Banking', Rating: 'Hot', AnnualRevenue: 12.5, NumberOfEmployees: 3 };
    await org.call('salesforce_create_record', { object: 'Account', fields });
    await org.call('salesforce_update_record', { object: 'Account', id: account, fields, ifUnmodifiedSince: new Date().toISOString() });
    await org.call('salesforce_upsert_record', { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'E-9', fields });
    await org.call('salesforce_create_records', {
      records: [
        { object: 'Account', fields },
        { object: 'Contact', fields: { LastName: 'B' } },
      ],
    });
    await org.call('salesforce_update_records', { records: [{ object: 'Account', id: account, fields }], allOrNone: true });
    await org.call('salesforce_upsert_records', {
      object: 'Account',
      externalIdField: 'Erp_Id__c',
      records: [{ ...fields, Erp_Id__c: 'E-9' }],
    });
    await org.call('salesforce_delete_records', { ids: [contact] });
    await org.call('salesforce_delete_record', { object: 'Account', id: account });
    await org.call('salesforce_list_objects', {});
    await org.call('salesforce_describe_object', { object: 'Account' });
    await org.call('salesforce_get_org', {});
    await org.call('salesforce_get_limits', {});
    await org.call('salesforce_org_health_check', {});
    await org.call('salesforce_revenue_cloud_health_check', {});
    await org.host.check(org.connection);
  });
  afterAll(() => org.close());

  /** All that was sent, but for tokens: of these the description knows the web server flow alone. The parts of a composite are requests too. */
  function requests(): (JudgedRequest & { readonly route: string })[] {
    return org.sent().flatMap(({ method, path, query, body, route: sentTo = '' }) => {
      const parts = (body as { compositeRequest?: { method: string; url: string }[] } | undefined)?.compositeRequest ?? [];
      return [
        { method, path, query, body, route: sentTo },
        ...parts.map((part) => {
          const url = new URL(part.url, 'https://org');
          return { method: part.method, path: url.pathname, query: url.searchParams, body: undefined, route: `${sentTo} (part)` };
        }),
      ];
    });
  }
  const violationsOf = (list: readonly JudgedRequest[]) =>
    list.flatMap((request) => judge(request).violations.map((violation) => `${request.method} ${request.path}: ${violation}`));

  it('is as the description has it', () => {
    expect(violationsOf(requests())).toEqual([]);
  });

  it('has an operation there, or stands in the list of those that have none', () => {
    const none = requests().filter((request) => judge(request).operation === undefined);
    // The tooling locator is sent only where an org has more than 2,000 rows (org-health.test.ts).
    expect(new Set([...none.map((request) => request.route), 'GET /services/data/{version}/tooling/query/{locator}'])).toEqual(
      new Set(undescribed.keys()),
    );
    const asData = none
      .filter(({ path }) => path.endsWith('/tooling/composite'))
      .map((request) => ({ ...request, path: request.path.replace('/tooling', '') }));
    expect(asData.length).toBeGreaterThan(0);
    expect(violationsOf(asData)).toEqual([]);
  });

  it('is of one of the operations that the connector uses, and each of them was judged', () => {
    const base = '/services/data/{version}';
    expect([...new Set(requests().flatMap((request) => judge(request).operation ?? []))].sort()).toEqual(
      [
        `DELETE ${base}/composite/sobjects`,
        `DELETE ${base}/sobjects/Account/{id}`,
        `GET ${base}/limits`,
        `GET ${base}/limits/recordCount`,
        `GET ${base}/query`,
        `GET ${base}/queryAll`,
        `GET ${base}/search`,
        `GET ${base}/sobjects`,
        `GET ${base}/sobjects/Account/{id}`,
        `GET ${base}/sobjects/{SOBJECT_API_NAME}/describe`,
        `GET ${base}/sobjects/{SOBJECT_API_NAME}/{FIELD_NAME}/{FIELD_VALUE}`,
        `GET ${base}/tooling/query`,
        `PATCH ${base}/composite/sobjects`,
        `PATCH ${base}/composite/sobjects/{SOBJECT_API_NAME}/{FIELD_NAME}`,
        `PATCH ${base}/sobjects/Account/{id}`,
        `POST ${base}/composite`,
        `POST ${base}/composite/sobjects`,
        `POST ${base}/sobjects/Account`,
      ].sort(),
    );
  });

  it('asks in its health checks for fields that the objects have', () => {
    const schemas = readDescription('sobjects-v59') as { components: { schemas: Record<string, { properties?: object }> } };
    const queries = [...orgHealthChecks('v64.0'), ...revenueCloudChecks].flatMap(({ sources }) =>
      sources.flatMap((source) => (source.kind === 'query' && source.api === 'data' ? [parseSoql(source.soql)] : [])),
    );
    let judged = 0;
    for (const { from, select, groupBy } of queries) {
      const known = schemas.components.schemas[`${from}SObject`]?.properties;
      if (!known) continue;
      const fields = [...select.flatMap(({ field }) => field ?? []), ...groupBy].filter((field) => !field.includes('.'));
      expect({ from, unknown: fields.filter((field) => !(field in known)) }).toEqual({ from, unknown: [] });
      judged += 1;
    }
    expect(judged).toBeGreaterThanOrEqual(20);
  });

  describe('by a judge that judges', () => {
    const one = (route: string): JudgedRequest => {
      const found = requests().find((request) => request.route === route);
      if (!found) throw new Error(`${route} was not sent`);
      return found;
    };
    const changed = (route: string, body: (body: Json) => unknown): JudgedRequest => {
      const request = one(route);
      return { ...request, body: body(structuredClone(request.body) as Json) };
    };
    const base = '/services/data/{version}';

    it.each<[string, () => JudgedRequest]>([
      ['a field that the object has not', () => changed(`POST ${base}/sobjects/{object}`, (body) => ({ ...body, Colour: 'red' }))],
      ['a field of another type', () => changed(`PATCH ${base}/sobjects/{object}/{id}`, (body) => ({ ...body, Name: 5 }))],
      ['a collection without allOrNone', () => changed(`POST ${base}/composite/sobjects`, ({ records }) => ({ records }))],
      ['a row without its type', () => changed(`POST ${base}/composite/sobjects`, (body) => ({ ...body, records: [{ Name: 'A' }] }))],
      [
        'a changed row without its id',
        () => changed(`PATCH ${base}/composite/sobjects`, (body) => ({ ...body, records: [{ attributes: { type: 'Account' } }] })),
      ],
      ['a composite without requests', () => changed(`POST ${base}/composite`, ({ allOrNone }) => ({ allOrNone }))],
      [
        'a composite whose part has no method',
        () => changed(`POST ${base}/composite`, (body) => ({ ...body, compositeRequest: [{ url: '/x', referenceId: 'a' }] })),
      ],
      ['a query without q', () => ({ ...one(`GET ${base}/query`), query: new URLSearchParams() })],
      ['a parameter that no operation has', () => ({ ...one(`GET ${base}/limits`), query: new URLSearchParams({ page: '2' }) })],
      ['another form of version', () => ({ ...one(`GET ${base}/limits`), path: '/services/data/64/limits' })],
    ])('refuses %s', (_, request) => {
      expect(judge(request()).violations).not.toEqual([]);
    });
  });
});
