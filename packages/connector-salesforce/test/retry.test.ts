import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrgRecord } from '../src/sandbox.ts';
import { route, startOrg, type Org } from './start-org.ts';
import { writes } from './writes.ts';

let org: Org;
let account: OrgRecord;
beforeEach(async () => {
  org = await startOrg();
  account = org.sandbox.records('Account')[0] as OrgRecord;
});
afterEach(() => org.close());

const tokenRoute = 'POST /services/oauth2/token';
const alive = (object: string) => org.sandbox.records(object).filter((record) => record['IsDeleted'] !== true).length;
const limitExceeded = (message: string) => ({ status: 403, body: [{ message, errorCode: 'REQUEST_LIMIT_EXCEEDED' }] });

describe('a write that Salesforce does not count once', () => {
  // lost-answers.test.ts covers the writes whose whole answer is lost.
  const hits = writes.flatMap((write) =>
    (['reset', 'truncate'] as const)
      // The 204 for a single record has no body that could be cut off.
      .filter((kind) => write.retry === 'never' && (kind !== 'truncate' || !write.route.endsWith('{id}')))
      .map((kind) => ({ ...write, kind })),
  );

  it.each(hits)('by $tool is sent once on "$kind", and the error says how to find out', async (write) => {
    org.sandbox.misbehave({ kind: write.kind, match: write.route });
    const failure = await org.failure(write.tool, write.input(org.sandbox));
    expect(failure).toMatch(/^OUTCOME_UNKNOWN: (POST|PATCH|DELETE) \/services\/data\/\{version\}\/\S+ may or may not have happened\./);
    expect(failure).toContain(write.ifLost);
    expect(org.sent(write.route)).toHaveLength(1);
  });

  it('is executed once if its answer is lost', async () => {
    org.sandbox.misbehave({ kind: 'lose', match: route('POST', '/sobjects/{object}') });
    await org.failure('salesforce_create_record', { object: 'Account', fields: { Name: 'Once' } });
    expect(alive('Account')).toBe(5);
  });

  it.each([[500], [503]])('is sent once if Salesforce answers %i, because it may have been executed', async (status) => {
    org.sandbox.misbehave({ kind: 'status', status, match: route('POST', '/sobjects/{object}') });
    expect(await org.failure('salesforce_create_record', { object: 'Account', fields: { Name: 'A' } })).toMatch(/^OUTCOME_UNKNOWN/);
    expect(org.sent(route('POST', '/sobjects/{object}'))).toHaveLength(1);
  });

  it('is sent again if another change locked the row, because it was not executed', async () => {
    const body = [{ message: 'unable to obtain exclusive access to this record', errorCode: 'UNABLE_TO_LOCK_ROW' }];
    org.sandbox.misbehave({ kind: 'status', status: 400, body, match: route('PATCH', '/sobjects/{object}/{id}') });
    await org.call('salesforce_update_record', { object: 'Account', id: account.Id, fields: { Rating: 'Hot' } });
    expect(account['Rating']).toBe('Hot');
    expect(org.sent()).toHaveLength(2);
  });
});

describe('a collection of which a lock kept every row from being written', () => {
  const body = [
    { success: false, errors: [{ statusCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access', fields: [] }] },
  ];
  const input = () => ({ records: [{ object: 'Account', id: account.Id, fields: { Rating: 'Hot' } }] });

  it('is sent again, because nothing was done', async () => {
    org.sandbox.misbehave({ kind: 'status', status: 200, body, match: route('PATCH', '/composite/sobjects') });
    expect(await org.call('salesforce_update_records', input())).toMatchObject({ succeeded: 1, failed: 0 });
    expect(org.sent()).toHaveLength(2);
  });

  it('fails as temporary if the lock stays', async () => {
    org.sandbox.misbehave({ kind: 'status', status: 200, body, times: 10, match: route('PATCH', '/composite/sobjects') });
    expect(await org.failure('salesforce_update_records', input())).toMatch(
      /^UPSTREAM_UNAVAILABLE: Another change holds the record at the moment, so nothing was written\..*again in a moment\./,
    );
  });
});

describe('an upsert by an external id', () => {
  const input = { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'E-9', fields: { Name: 'Nine' } };

  it.each([['lose'], ['truncate'], ['reset']] as const)('is sent again on "%s", and makes one record', async (kind) => {
    org.sandbox.misbehave({ kind, match: route('PATCH', '/sobjects/{object}/{field}/{value}') });
    await org.call('salesforce_upsert_record', input);
    expect([org.sent().length, alive('Account')]).toEqual([2, 5]);
  });

  it('of several records is sent again too, and makes each record once', async () => {
    org.sandbox.misbehave({ kind: 'lose', match: route('PATCH', '/composite/sobjects/{object}/{field}') });
    const records = ['E-8', 'E-9'].map((Erp_Id__c) => ({ Erp_Id__c, Name: Erp_Id__c }));
    await org.call('salesforce_upsert_records', { object: 'Account', externalIdField: 'Erp_Id__c', records });
    expect([org.sent().length, alive('Account')]).toEqual([2, 6]);
  });

  it('is unknown if all its answers are lost, and the error says that it can be repeated', async () => {
    org.sandbox.misbehave({ kind: 'lose', times: 10, match: route('PATCH', '/sobjects/{object}/{field}/{value}') });
    expect(await org.failure('salesforce_upsert_record', input)).toMatch(/^OUTCOME_UNKNOWN: .*The same upsert can be repeated safely/);
    expect(alive('Account')).toBe(5);
  });
});

describe('a session that has ended', () => {
  it('is renewed once for all calls, and each request is sent once more', async () => {
    await org.call('salesforce_get_org', {});
    org.sandbox.expireSessions();
    const soql = 'SELECT Name FROM Account';
    await Promise.all([1, 2, 3, 4].map((limit) => org.call('salesforce_query_records', { soql: `${soql} LIMIT ${limit}` })));
    await org.call('salesforce_create_record', { object: 'Account', fields: { Name: 'A' } });
    expect([org.sent(tokenRoute).length, alive('Account')]).toEqual([2, 5]);
  });

  it('does not make a write run twice', async () => {
    await org.call('salesforce_get_org', {});
    org.sandbox.expireSessions();
    await org.call('salesforce_create_record', { object: 'Account', fields: { Name: 'A' } });
    expect([org.sent(route('POST', '/sobjects/{object}')).length, org.sent(tokenRoute).length, alive('Account')]).toEqual([2, 2, 5]);
  });

  it('is not renewed a second time for one request', async () => {
    const body = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];
    org.sandbox.misbehave({ kind: 'status', status: 401, body, times: 10, match: route('GET', '/query') });
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Account' })).toMatch(
      /^UNAUTHENTICATED: .*INVALID_SESSION_ID/,
    );
    expect([org.sent(route('GET', '/query')).length, org.sent(tokenRoute).length]).toEqual([2, 2]);
  });
});

describe('the org’s limits', () => {
  const soql = 'SELECT Id FROM Account';

  it('end a call at once when the daily requests are used up, and the next calls without a request', async () => {
    org.sandbox.misbehave({ kind: 'status', ...limitExceeded('TotalRequests Limit exceeded.'), match: route('GET', '/query') });
    expect(await org.failure('salesforce_query_records', { soql })).toMatch(
      /^RATE_LIMITED: The org has used up its API requests for 24 hours\. .*TotalRequests Limit exceeded\. .*Try again in 900 s\.$/,
    );
    expect(await org.failure('salesforce_query_records', { soql })).toMatch(/^RATE_LIMITED: /);
    expect(org.sent()).toHaveLength(1);
  });

  it('make a call wait when too many requests run at the same time, even a write', async () => {
    const message = 'ConcurrentPerOrgLongTxn Limit exceeded.';
    org.sandbox.misbehave({ kind: 'status', ...limitExceeded(message), match: route('POST', '/sobjects/{object}') });
    await org.call('salesforce_create_record', { object: 'Account', fields: { Name: 'A' } });
    expect([org.sent().length, alive('Account')]).toEqual([2, 5]);
  });

  it('are read from Sforce-Limit-Info: the connector sends nothing once no request is left', async () => {
    await org.close();
    org = await startOrg({ dailyRequests: 2 });
    await org.call('salesforce_query_records', { soql });
    await org.call('salesforce_query_records', { soql });
    expect(await org.failure('salesforce_query_records', { soql })).toMatch(/^RATE_LIMITED: The vendor accepts no more requests/);
    expect(org.sent()).toHaveLength(2);
  });
});

it('a cancelled call closes its socket', async () => {
  org.sandbox.misbehave({ kind: 'hang', match: route('GET', '/query') });
  const caller = new AbortController();
  const failure = org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Account' }, { signal: caller.signal });
  const request = await org.sandbox.received(route('GET', '/query'));
  caller.abort();
  expect(await request.ended).toBe('closed');
  expect(await failure).toMatch(/^CANCELLED: /);
});
