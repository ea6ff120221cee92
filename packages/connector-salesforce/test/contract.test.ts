import { requestChecks, type JudgedRequest, type RequestFixture } from '@busbar/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVendorData, recordingNames, vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';
import { orgHealthChecks } from '../src/health/org-health.ts';
import { revenueCloudChecks } from '../src/health/revenue-cloud.ts';
import { salesforce } from '../src/index.ts';
import { parseSoql } from '../src/sandbox/soql-parse.ts';
import { makeEveryCall } from './every-call.ts';
import { readDescription } from './read-description.ts';
import { startJwtOrg } from './start-jwt-org.ts';
import { startOrg, type Org } from './start-org.ts';
import { writes } from './writes.ts';

const base = '/services/data/{version}';
const version = { type: 'string', pattern: '^v64\\.0$' };
const name = { type: 'string', pattern: '^[A-Za-z]\\w*$' };
const list = { type: 'string', pattern: '^[A-Za-z][\\w.]*(,[A-Za-z][\\w.]*)*$' };
const locator = { type: 'string', pattern: '^01g[A-Za-z0-9]{12,15}-[0-9]+$' };
const text = { type: 'string', minLength: 1 };

/** Rules that Salesforce states only in prose: its description takes any text here, and leaves out two parameters. */
const names = { page: 'Object Reference, API names', schema: name };
const fields = { page: 'sObject Rows, Parameters', schema: list };
const byId = { path: { id: { page: 'Object Reference, ID Field Type', schema: { type: 'string', pattern: '^[A-Za-z0-9]{15,18}$' } } } };
const soql = { query: { q: { page: 'SOQL and SOSL Reference, SELECT', schema: { type: 'string', pattern: '^SELECT ' } } } };
const ids = { type: 'string', pattern: '^[A-Za-z0-9]{15,18}(,[A-Za-z0-9]{15,18})*$' };
const additions: RequestFixture['additions'] = {
  // Composite, Request Body: the examples from which the description was generated do not have it.
  [`POST ${base}/composite`]: { fields: { allOrNone: { type: 'boolean' } } },
  [`GET ${base}/sobjects/{SOBJECT_API_NAME}/{FIELD_NAME}/{FIELD_VALUE}`]: {
    query: { fields },
    path: { SOBJECT_API_NAME: names, FIELD_NAME: names },
  },
  [`GET ${base}/sobjects/Account/{id}`]: { query: { fields }, ...byId },
  [`PATCH ${base}/sobjects/Account/{id}`]: byId,
  [`DELETE ${base}/sobjects/Account/{id}`]: byId,
  [`DELETE ${base}/composite/sobjects`]: { query: { ids: { page: 'sObject Collections, Delete', schema: ids } } },
  [`PATCH ${base}/composite/sobjects/{SOBJECT_API_NAME}/{FIELD_NAME}`]: { path: { SOBJECT_API_NAME: names, FIELD_NAME: names } },
  [`GET ${base}/sobjects/{SOBJECT_API_NAME}/describe`]: { path: { SOBJECT_API_NAME: names } },
  [`GET ${base}/limits/recordCount`]: { query: { sObjects: { page: 'Record Count, Parameters', schema: list } } },
  [`GET ${base}/query`]: soql,
  [`GET ${base}/queryAll`]: soql,
  [`GET ${base}/tooling/query`]: soql,
  [`GET ${base}/search`]: { query: { q: { page: 'SOQL and SOSL Reference, FIND', schema: { type: 'string', pattern: '^FIND \\{' } } } },
};

/** Requests of the connector that neither description has. */
const undescribed: NonNullable<RequestFixture['undescribed']> = {
  'GET /services/data': { source: { page: 'REST API Developer Guide, Versions' } },
  [`GET ${base}/query/{locator}`]: { source: { page: 'REST API Developer Guide, Query: nextRecordsUrl' }, path: { version, locator } },
  [`GET ${base}/tooling/query/{locator}`]: { source: { page: 'Tooling API, Query: nextRecordsUrl' }, path: { version, locator } },
  [`PATCH ${base}/sobjects/{SOBJECT_API_NAME}/{FIELD_NAME}/{FIELD_VALUE}`]: {
    source: { recording: 'upsert-300-multiple' },
    path: { version, SOBJECT_API_NAME: name, FIELD_NAME: name },
    body: { $ref: '#/components/schemas/AccountSObject' },
  },
  [`POST ${base}/tooling/composite`]: {
    source: { page: 'Tooling API, Composite: like the composite of data' },
    path: { version },
    body: {
      allOf: [{ $ref: '#/components/schemas/CompositeRequest' }, { type: 'object', properties: { allOrNone: { type: 'boolean' } } }],
    },
  },
  'POST /services/oauth2/token': {
    type: 'application/x-www-form-urlencoded',
    source: { page: 'OAuth Authorization Flows, Client Credentials, JWT Bearer and Refresh Token Flow' },
    body: {
      oneOf: [
        form({ grant_type: { const: 'client_credentials' }, client_id: text, client_secret: text }),
        form({ grant_type: { const: 'refresh_token' }, client_id: text, client_secret: text, refresh_token: text }),
        form({
          grant_type: { const: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
          assertion: { type: 'string', pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$' },
        }),
      ],
    },
  },
};

function form(properties: Readonly<Record<string, object>>) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** Salesforce takes any text as the value of an external id, so no fault can be found there. */
const acceptedFaults = ['GET', 'PATCH'].map(
  (method) => `${method} ${base}/sobjects/{SOBJECT_API_NAME}/{FIELD_NAME}/{FIELD_VALUE}: path {FIELD_VALUE}`,
);

/** Returns a request with the parts of its composite, which are requests too. */
const withParts = (request: JudgedRequest): JudgedRequest[] => {
  const { compositeRequest = [] } = (request.body ?? {}) as { compositeRequest?: readonly { method: string; url: string }[] };
  const parts = compositeRequest.map(({ method, url }) => {
    const { pathname: path, searchParams: query } = new URL(url, 'https://org');
    return { method, path, query, body: undefined };
  });
  return [request, ...parts];
};

describe.skipIf(!vendorDataIsHere)('every request, checked against Salesforce’s own description', () => {
  let org: Org;
  const others: Org[] = [];

  beforeAll(async () => {
    org = await startOrg();
    await makeEveryCall(org.sandbox, org.call);
    // The other two flows.
    others.push(await startOrg({}, { refreshToken: 'refresh-token' }), await startJwtOrg());
    for (const one of [org, ...others]) await one.host.check(one.connection);
  });
  afterAll(() => Promise.all([org, ...others].map((one) => one.close())));

  const checks = requestChecks(salesforce, {
    description: readDescription,
    additions,
    undescribed,
    acceptedFaults,
    traffic: () => ({
      calls: org.calls,
      requests: [org, ...others].flatMap(({ sandbox }) => sandbox.requests).flatMap(withParts),
    }),
  });
  it.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

  it('of an undescribed operation is documented by a recording that exists, or by a page', () => {
    const recordings = Object.values(undescribed).flatMap(({ source }) => ('recording' in source ? [source.recording] : []));
    expect(recordingNames('salesforce')).toEqual(expect.arrayContaining(recordings));
  });

  it('within a composite is a read, which may be repeated', () => {
    const parts = org.sent().flatMap((request) => withParts(request).slice(1));
    expect(parts.length).toBeGreaterThan(0);
    expect(new Set(parts.map(({ method, path }) => `${method} ${path.split('/').at(-1)}`))).toEqual(new Set(['GET query']));
  });

  it('that writes has a row in the table of writes whose answers are lost', () => {
    const made = org.sent().filter(({ method, path }) => method !== 'GET' && !path.endsWith('/composite'));
    expect(new Set(made.map(({ route }) => route))).toEqual(new Set(writes.map(({ route }) => route)));
  });

  it('of a health check queries only fields that the objects have', () => {
    const schemas = readVendorData<{ components: { schemas: Record<string, { properties?: object }> } }>(
      'openapi/salesforce-sobjects-v59.json',
    );
    const queries = [...orgHealthChecks('v64.0'), ...revenueCloudChecks].flatMap(({ sources }) =>
      sources.flatMap((source) => (source.kind === 'query' && source.api === 'data' ? [parseSoql(source.soql)] : [])),
    );
    let judged = 0;
    for (const { from, select, groupBy } of queries) {
      const known = schemas.components.schemas[`${from}SObject`]?.properties;
      if (!known) continue;
      const fields = [...select.flatMap((item) => ('field' in item ? (item.field ?? []) : [])), ...groupBy].filter(
        (field) => !field.includes('.'),
      );
      expect({ from, unknown: fields.filter((field) => !(field in known)) }).toEqual({ from, unknown: [] });
      judged += 1;
    }
    expect(judged).toBeGreaterThanOrEqual(20);
  });
});
