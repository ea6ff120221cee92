import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { vendors } from '../../../examples/hosted-server/src/vendors/vendors.ts';
import type { SimulatorRequest } from '../../../packages/core/src/testing/index.ts';
import { call } from '../call-tool.ts';
import { startTwoTenants, type TwoTenants } from '../two-tenants.ts';

/** Valid settings of each vendor, and the only hosts that any settings may lead to. */
const settings: Readonly<Record<string, { readonly config: Readonly<Record<string, string>>; readonly hosts: RegExp }>> = {
  zendesk: {
    config: { subdomain: 'acme', clientId: 'id', clientSecret: 'secret' },
    hosts: /^https:\/\/[a-z0-9-]+\.zendesk\.com$/,
  },
  sendgrid: { config: { apiKey: 'SG.key', region: 'eu', from: 'a@example.com' }, hosts: /^https:\/\/api\.(eu\.)?sendgrid\.com$/ },
  salesforce: {
    config: { myDomain: 'acme', clientId: 'id', clientSecret: 'secret', apiVersion: 'v64.0' },
    hosts: /^https:\/\/(\*|[a-z0-9-]+(\.[a-z]+)?)\.my\.salesforce\.com$/,
  },
};

/** Text that ends, leaves or replaces a host name, by some parser. */
const hostile = [
  '.evil.example.com',
  'evil.example.com/',
  'acme.evil.example.com',
  'acme/../evil',
  'acme@evil.example.com',
  '@evil.example.com/',
  'acme:secret@evil.example.com#',
  'acme?',
  'acme#',
  'acme\\',
  'acme:8443',
  'acme%2eevil',
  'acme%00',
  'acme\u0000',
  'acme\n',
  'acme\r\nhost: evil',
  ' acme',
  'acme ',
  '\tacme',
  'acme\uff0eevil',
  'acme\u3002evil',
  '\uff41cme',
  'acme\u00ad',
  'xn--80ak6aa92e.evil',
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  'localhost',
  '[::1]',
  '::1',
  '*',
  '',
  '-',
  '__proto__',
  'a'.repeat(300),
];

describe.each(vendors.map(({ connector }) => [connector.id, connector] as const))('the settings of %s', (id, connector) => {
  const { config, hosts } = settings[id] ?? { config: {}, hosts: /^$/ };
  const originsOf = (changed: object): readonly string[] => {
    const parsed = connector.config.safeParse(changed);
    return parsed.success ? (connector.origins?.(parsed.data) ?? []) : [];
  };

  test('lead to the vendor’s own hosts, with any text in them', () => {
    expect(originsOf(config).length).toBeGreaterThan(0);
    for (const field of Object.keys(config))
      for (const text of hostile)
        for (const origin of originsOf({ ...config, [field]: text })) expect(origin, `${field}: ${text}`).toMatch(hosts);
  });

  test('lead to the vendor’s own hosts, with any text', () => {
    const letters = fc.constantFrom(...'ac-.:/\\@?#%*[] \n\u0000\uff0e0'.split(''));
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(config)), fc.string({ unit: letters, minLength: 1, maxLength: 12 }), (field, text) => {
        for (const origin of originsOf({ ...config, [field]: text })) expect(origin).toMatch(hosts);
      }),
      { numRuns: 2_000 },
    );
  });
});

const stack = new AsyncDisposableStack();
let server: TwoTenants;
beforeAll(async () => {
  server = await startTwoTenants(stack);
});
afterAll(() => stack.disposeAsync());

const caller = () => ({ url: server.url, key: server.red.user });
const received = (): readonly SimulatorRequest[] =>
  [server.red.sandbox, server.blue.sandbox, server.sendgrid, server.salesforce].flatMap(({ requests }) => requests);

/** Text that leaves a segment of a path, for some server. */
const escapes = [
  '../../oauth/tokens',
  '/../..',
  '..\\..\\oauth',
  '%2e%2e',
  '%2e%2e%2f%2e%2e',
  '%252e%252e%252f',
  '//evil.example.com/',
  '@evil.example.com',
  'https://evil.example.com',
  'http://169.254.169.254/latest',
  'a/b',
  'a\\b',
  'a?b=c',
  'a#b',
  'a;b=c',
  'a%00',
  'a\u0000',
  '\uff0e\uff0e\uff0f',
  'a b',
  'a\r\nhost: evil.example.com',
];

/** Calls whose text becomes part of an address. */
const addressed: readonly (readonly [tool: string, args: (text: string) => object])[] = [
  ['zendesk_get_job_status', (jobId) => ({ jobId })],
  ['zendesk_get_user', (email) => ({ email })],
  ['zendesk_get_organization', (name) => ({ name })],
  ['zendesk_get_ticket', (ticketId) => ({ ticketId })],
  ['zendesk_list_comments', (cursor) => ({ ticketId: 1, cursor })],
  ['zendesk_search_tickets', (text) => ({ text, requester: text })],
  ['sendgrid_get_template', (templateId) => ({ templateId })],
  ['sendgrid_list_suppressions', (email) => ({ list: 'bounces', email })],
  ['sendgrid_list_suppressions', (list) => ({ list })],
  ['sendgrid_remove_suppression', (email) => ({ list: 'unsubscribes', email })],
  ['sendgrid_get_stats', (category) => ({ startDate: '2026-03-01', endDate: '2026-03-02', category })],
  ['salesforce_get_record', (id) => ({ object: 'Account', id })],
  ['salesforce_get_record', (object) => ({ object, id: '001000000000001AAA' })],
  ['salesforce_get_record', (externalId) => ({ object: 'Account', externalIdField: 'Erp_Id__c', externalId })],
  ['salesforce_get_record', (externalIdField) => ({ object: 'Account', externalIdField, externalId: 'a' })],
  ['salesforce_upsert_record', (externalId) => ({ object: 'Account', externalIdField: 'Erp_Id__c', externalId, fields: { Name: 'a' } })],
  ['salesforce_delete_record', (id) => ({ object: 'Account', id })],
  ['salesforce_describe_object', (object) => ({ object })],
  ['salesforce_search_records', (text) => ({ text, objects: [{ name: text }] })],
  ['salesforce_query_records', (cursor) => ({ cursor })],
];

test('no id, name or cursor leaves its segment of a vendor’s path, or adds to its query', async () => {
  const before = new Set(received());
  for (const [tool, args] of addressed)
    for (const text of escapes) {
      const { code } = await call(caller(), tool, args(text));
      expect(['fine', 'INVALID_INPUT', 'NOT_FOUND', 'UPSTREAM_REJECTED', 'CONFLICT'], `${tool} ${text}`).toContain(code);
    }
  const sent = received().filter((request) => !before.has(request));
  expect(sent.length).toBeGreaterThan(100);
  for (const { url, route, headers, query } of sent) {
    const [path = ''] = url.split('?');
    expect(path).not.toMatch(/\/\.{0,2}(\/|$)|[\\@;]|\/\//);
    // A path that the vendor knows has the segments of the connector’s template, and no more.
    expect(route, url).toMatch(/^[A-Z]+ \//);
    expect(headers['host']).toMatch(/^(red|blue)\.(zendesk|my\.salesforce)\.com$|^api\.sendgrid\.com$/);
    expect([...query.keys()].filter((name) => /^(b|host|evil)/.test(name))).toEqual([]);
  }
});

test('links in a vendor’s answers lead nowhere but to its own next page', async () => {
  const elsewhere = 'http://169.254.169.254/services/data/v64.0/query/01gEVIL-2000';
  const body = { totalSize: 9, done: false, nextRecordsUrl: elsewhere, records: [{ attributes: { type: 'Account' }, Id: '001' }] };
  server.salesforce.misbehave({ kind: 'status', status: 200, body, match: ({ path }) => path.endsWith('/query'), times: 1 });
  const soql = 'SELECT Id FROM Account';
  const page = await call(caller(), 'salesforce_query_records', { soql, limit: 1 });
  const { nextCursor } = page.structuredContent;
  await call(caller(), 'salesforce_query_records', { soql, cursor: nextCursor });
  expect(server.salesforce.requests.at(-1)?.headers['host']).toBe('red.my.salesforce.com');

  const metadata = { result: [], _metadata: { next: 'http://169.254.169.254/v3/templates?page_token=../../user&page_size=1' } };
  server.sendgrid.misbehave({ kind: 'status', status: 200, body: metadata, times: 1 });
  const templates = await call(caller(), 'sendgrid_list_templates', {});
  expect(templates.code).toBe('fine');
  await call(caller(), 'sendgrid_list_templates', { cursor: templates.structuredContent['nextCursor'] });
  expect(server.sendgrid.requests.at(-1)).toMatchObject({ path: '/v3/templates', headers: { host: 'api.sendgrid.com' } });

  const next = {
    results: [],
    count: 1_000,
    next_page: 'http://169.254.169.254/api/v2/search',
    meta: { has_more: true, after_cursor: '../x' },
  };
  const { sandbox } = server.red;
  const before = new Set(sandbox.requests);
  for (const order of ['newest', 'all']) {
    sandbox.misbehave({ kind: 'status', status: 200, body: next, match: ({ path }) => path.includes('search'), times: 1 });
    const found = await call(caller(), 'zendesk_search_tickets', { order, text: 'a' });
    await call(caller(), 'zendesk_search_tickets', { order, text: 'a', cursor: found.structuredContent['nextCursor'] });
  }
  const sent = sandbox.requests.filter((request) => !before.has(request));
  expect(new Set(sent.map(({ path }) => path))).toEqual(new Set(['/api/v2/search', '/api/v2/search/export']));
});

test.each([
  [301, 'CONNECTION_INVALID'],
  [302, 'CONNECTION_INVALID'],
  [303, 'UPSTREAM_INVALID'],
  [307, 'CONNECTION_INVALID'],
  [308, 'CONNECTION_INVALID'],
])(
  'a redirect (%i) is not followed, to this machine or any other, and no more than the host of its target is shown',
  async (status, code) => {
    const { sandbox, user } = server.blue;
    const location = `${server.red.sandbox.url}/api/v2/tickets/1?token=hush-hush-hush`;
    const headers = { location, refresh: `0; url=${location}` };
    const before = server.red.sandbox.requests.length;
    sandbox.misbehave({ kind: 'status', status, headers, match: ({ path }) => path.startsWith('/api/v2/tickets'), times: 10 });
    const answer = await call({ url: server.url, key: user }, 'zendesk_get_ticket', { ticketId: 1 });
    sandbox.recover();
    expect(answer.code).toBe(code);
    expect(answer.body).not.toMatch(/api\/v2|hush/);
    expect(server.red.sandbox.requests.length).toBe(before);
  },
);
