import { answerText } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { route, startOrg, type Org } from './start-org.ts';

let org: Org;
beforeEach(async () => {
  org = await startOrg();
});
afterEach(() => org.close());

const sentQuery = (): string | null | undefined => org.sent(route('GET', '/query')).at(-1)?.query.get('q');
const many = (count: number) => {
  for (let index = 0; index < count; index += 1) org.sandbox.add('Case', { Subject: 'Bulk', CaseNumber: String(index).padStart(5, '0') });
};

describe('salesforce_query_records', () => {
  it('returns records without Salesforce’s own metadata, with related records inside', async () => {
    expect(await org.call('salesforce_query_records', { soql: "SELECT Name, Owner.Name FROM Account WHERE Erp_Id__c = 'E-1'" })).toEqual({
      records: [{ Name: 'Example Bakery', Owner: { Name: 'Ada Example' } }],
      total: 1,
    });
  });

  it('returns times in ISO form, and takes them and Salesforce’s own form back', async () => {
    const { records } = await org.call('salesforce_query_records', { soql: 'SELECT LastModifiedDate FROM Account LIMIT 1' });
    const seen = records[0].LastModifiedDate as string;
    expect(seen).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
    const soql = 'SELECT Id FROM Account WHERE LastModifiedDate >= :seen';
    for (const date of [seen, seen.replace('Z', '+0000')])
      expect(await org.call('salesforce_query_records', { soql, values: { seen: { date } } })).toMatchObject({ total: 4 });
  });

  it.each([1.5, 1e300])('takes a count of %d records for no answer of Salesforce', async (totalSize) => {
    org.sandbox.misbehave({ kind: 'status', status: 200, body: { totalSize, done: true, records: [] }, match: route('GET', '/query') });
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Account' })).toContain('UPSTREAM_INVALID');
  });

  it('returns related records that are none as Salesforce sent them', async () => {
    const records = [{ attributes: null, Contacts: { records: [null, 5, { attributes: {}, Name: 'Ada' }] } }];
    const body = { totalSize: 1, done: true, records };
    org.sandbox.misbehave({ kind: 'change', match: route('GET', '/query'), change: (answer) => ({ ...answer, body }) });
    expect(await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Account' })).toMatchObject({
      records: [{ Contacts: [null, 5, { Name: 'Ada' }] }],
    });
  });

  it('takes a list of dates', async () => {
    const CloseDate = org.sandbox.records('Opportunity')[0]?.['CloseDate'];
    const values = { days: [{ date: CloseDate }, { date: '2001-01-01' }] };
    const soql = 'SELECT Id FROM Opportunity WHERE CloseDate IN :days';
    expect(await org.call('salesforce_query_records', { soql, values })).toMatchObject({ total: 1 });
    expect(sentQuery()).toBe(`SELECT Id FROM Opportunity WHERE CloseDate IN (${String(CloseDate)}, 2001-01-01)`);
  });

  it('says that a time has no zone', async () => {
    const soql = 'SELECT Id FROM Account WHERE CreatedDate > :d';
    expect(await org.failure('salesforce_query_records', { soql, values: { d: { date: '2026-03-01T09:30:00' } } })).toMatch(
      /^INVALID_INPUT: [^]*values\.d\.date: The time has no zone/,
    );
    expect(org.sandbox.requests).toEqual([]);
  });

  it('matches values with quotes and parentheses as they are', async () => {
    const soql = 'SELECT Name FROM Account WHERE Name = :name AND Industry IN :industries';
    const values = { name: "O'Brien & Daughters", industries: ['Retail', "x') OR Name != ('"] };
    expect(await org.call('salesforce_query_records', { soql, values })).toMatchObject({ records: [{ Name: "O'Brien & Daughters" }] });
    expect(sentQuery()).toBe(
      "SELECT Name FROM Account WHERE Name = 'O\\'Brien & Daughters' AND Industry IN ('Retail', 'x\\') OR Name != (\\'')",
    );
  });

  it.each(["' OR Name != '", "\\' OR Name != '", '\\', "x') OR (Name != '", '%'])('finds nothing by the injection %j', async (name) => {
    const soql = 'SELECT Name FROM Account WHERE Name = :name OR Name LIKE :like';
    expect(await org.call('salesforce_query_records', { soql, values: { name, like: { contains: name } } })).toMatchObject({ records: [] });
  });

  it('sends nothing if the query would do more than read', async () => {
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Account LIMIT 1 FOR VIEW' })).toMatch(
      /^INVALID_INPUT: The query was not sent/,
    );
    expect(org.sandbox.requests).toEqual([]);
  });

  it('quotes Salesforce’s error about a wrong query, and says what to do', async () => {
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Nam FROM Account' })).toMatch(
      /^UPSTREAM_REJECTED: .*INVALID_FIELD: No such column 'Nam' on entity 'Account'.*salesforce_describe_object/,
    );
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Acount' })).toMatch(
      /INVALID_TYPE: .*salesforce_list_objects/,
    );
    expect(await org.failure('salesforce_query_records', { soql: "SELECT Id FROM Account WHERE CreatedDate > '2026-01-01'" })).toContain(
      'should not be enclosed in quotes',
    );
  });

  it('reads every record once, page by page, across Salesforce’s pages', async () => {
    many(450);
    const seen: string[] = [];
    let cursor: string | undefined;
    let calls = 0;
    do {
      const page = await org.call('salesforce_query_records', {
        limit: 150,
        ...(cursor === undefined ? { soql: "SELECT CaseNumber FROM Case WHERE Subject = 'Bulk' ORDER BY CaseNumber" } : { cursor }),
      });
      seen.push(...page['records'].map((record: { CaseNumber: string }) => record.CaseNumber));
      cursor = page['nextCursor'];
      calls += 1;
      expect(page['total']).toBe(450);
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 450 }, (_, index) => String(index).padStart(5, '0')));
    expect(calls).toBe(5);
    expect(org.sent(route('GET', '/query/{locator}')).length).toBeGreaterThan(0);
    expect(org.sent(route('GET', '/query'))[0]?.headers['sforce-query-options']).toBe('batchSize=200');
  });

  it('returns fewer records if they are large, and continues with the next', async () => {
    for (let index = 0; index < 10; index += 1) org.sandbox.add('Case', { Subject: 'Big', Description: 'x'.repeat(60_000) });
    const first = await org.call('salesforce_query_records', { soql: "SELECT Description FROM Case WHERE Subject = 'Big'" });
    expect([first['records'].length, first['total']]).toEqual([3, 10]);
    expect((await org.call('salesforce_query_records', { cursor: first['nextCursor'] }))['records']).toHaveLength(3);
  });

  it('warns if the rest cannot be reached', async () => {
    many(3);
    const values = { names: Array.from({ length: 400 }, (_, index) => `name number ${index}`) };
    const soql = 'SELECT Id FROM Case WHERE Subject NOT IN :names';
    const answer = await org.answer('salesforce_query_records', { soql, values, limit: 1 });
    expect(answer.structuredContent).not.toHaveProperty('nextCursor');
    expect(answer.content.at(-1)).toEqual({ type: 'text', text: expect.stringContaining('The rest is not shown') });
  });

  it('does not send a query with half of a surrogate pair, which no URL can hold', async () => {
    const half = /^INVALID_INPUT: The query has half of a surrogate pair/;
    expect(await org.failure('salesforce_query_records', { soql: "SELECT Id FROM Case WHERE Subject = '\ud83d'" })).toMatch(half);
    const bound = { soql: 'SELECT Id FROM Case WHERE Subject = :a', values: { a: '\udc00' } };
    expect(await org.failure('salesforce_query_records', bound)).toMatch(half);
    expect(await org.failure('salesforce_search_records', { text: 'ab\ud83d', objects: [{ name: 'Account' }] })).toMatch(half);
    expect(org.sent()).toEqual([]);
  });

  it('does not send a query that is too long for a URL', async () => {
    const values = { names: Array.from({ length: 500 }, (_, index) => `a rather long name, number ${index}`) };
    expect(await org.failure('salesforce_query_records', { soql: 'SELECT Id FROM Case WHERE Subject IN :names', values })).toMatch(
      /^INVALID_INPUT: The query has \d+ bytes as a URL/,
    );
    expect(org.sandbox.requests).toEqual([]);
  });

  it('finds deleted records on request', async () => {
    await org.call('salesforce_delete_record', { object: 'Contact', id: org.sandbox.records('Contact')[0]?.Id });
    expect(await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Contact' })).toMatchObject({ total: 0 });
    expect(await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Contact', includeDeleted: true })).toMatchObject({
      total: 1,
    });
  });

  it('returns the records of a subquery as a list, and says which lists are incomplete', async () => {
    const soql = "SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Erp_Id__c IN ('E-1', 'E-2') ORDER BY Erp_Id__c";
    expect(await org.call('salesforce_query_records', { soql })).toEqual({
      records: [
        { Name: 'Example Bakery', Contacts: [{ LastName: 'Sample' }] },
        { Name: 'Sample Works', Contacts: null },
      ],
      total: 2,
    });
    for (const { Id } of org.sandbox.records('Account').slice(0, 2))
      for (let index = 0; index < 250; index += 1) org.sandbox.add('Contact', { LastName: 'More', AccountId: Id });
    const answer = await org.answer('salesforce_query_records', { soql });
    expect(answer.structuredContent).toMatchObject({ records: [200, 200].map((length) => ({ Contacts: { length } })) });
    expect(answerText(answer).match(/Warning: [^\n]+/g)).toEqual([
      'Warning: Not all related records are shown in Contacts of some records. Query them by themselves to read the rest.',
    ]);
  });

  it('gives no cursor that would be too long to take back, and says so', async () => {
    many(150);
    const { structuredContent, content } = await org.answer('salesforce_query_records', {
      soql: `SELECT Id FROM Case WHERE Subject != '${'"'.repeat(4_900)}'`,
    });
    expect(structuredContent).not.toHaveProperty('nextCursor');
    expect(content.at(-1)).toMatchObject({ text: expect.stringContaining('the query is too long to continue') });
  });

  it('says that more records follow if Salesforce does not say where', async () => {
    const body = { totalSize: 5_000, done: false, records: [{ attributes: { type: 'Account' }, Id: '001000000000001AAA' }] };
    for (const nextRecordsUrl of [undefined, null, 'https://elsewhere.example/x']) {
      org.sandbox.misbehave({ kind: 'status', status: 200, body: { ...body, nextRecordsUrl }, match: route('GET', '/query') });
      const { content, structuredContent } = await org.answer('salesforce_query_records', { soql: 'SELECT Id FROM Account' });
      expect(structuredContent).toEqual({ records: [{ Id: '001000000000001AAA' }], total: 5_000 });
      expect(content.at(-1)).toEqual({
        type: 'text',
        text: expect.stringContaining('More records follow, and Salesforce does not say where'),
      });
    }
  });

  it('says to start again if Salesforce refuses a page even after signing in again, because pages end with their session', async () => {
    many(450);
    const { nextCursor } = await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Case', limit: 200 });
    const body = [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }];
    org.sandbox.misbehave({ kind: 'status', status: 401, body, times: 2, match: route('GET', '/query/{locator}') });
    expect(await org.failure('salesforce_query_records', { cursor: nextCursor })).toMatch(
      /^UNAUTHENTICATED: The page belongs to a session that has ended, .*Begin again without a cursor: .*INVALID_SESSION_ID/,
    );
  });

  it('ends with an error if a page names itself as the next', async () => {
    many(450);
    const { nextCursor } = await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Case', limit: 200 });
    const { path } = { path: '/services/data/v64.0/query/01g000000000001AAA-200' };
    const body = { totalSize: 450, done: false, nextRecordsUrl: path, records: [{ Id: '500000000000001AAA' }] };
    org.sandbox.misbehave({ kind: 'status', status: 200, body, match: route('GET', '/query/{locator}') });
    expect(await org.failure('salesforce_query_records', { cursor: nextCursor })).toMatch(
      /^UPSTREAM_INVALID: Salesforce names the same page again/,
    );
  });

  it('continues with a page of another size, and only with the same query', async () => {
    many(450);
    const soql = 'SELECT Id FROM Case WHERE Subject = :subject';
    const values = { subject: 'Bulk' };
    const { nextCursor } = await org.call('salesforce_query_records', { soql, values, limit: 100 });
    expect((await org.call('salesforce_query_records', { cursor: nextCursor, limit: 7 }))['records']).toHaveLength(7);
    expect((await org.call('salesforce_query_records', { cursor: nextCursor }))['records']).toHaveLength(100);
    expect((await org.call('salesforce_query_records', { cursor: nextCursor, soql, values }))['records']).toHaveLength(100);
    const other = /^INVALID_INPUT: The cursor belongs to another query/;
    for (const input of [{ soql: 'SELECT Id FROM Account' }, { soql, values: { subject: 'Else' } }, { soql, values, includeDeleted: true }])
      expect(await org.failure('salesforce_query_records', { cursor: nextCursor, ...input })).toMatch(other);
    expect(await org.failure('salesforce_query_records', { cursor: nextCursor, values })).toMatch(/^INVALID_INPUT: .*soql/);
  });

  it('counts and groups records', async () => {
    expect(await org.call('salesforce_query_records', { soql: 'SELECT COUNT() FROM Account' })).toEqual({ records: [], total: 4 });
    expect(
      await org.call('salesforce_query_records', {
        soql: 'SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC LIMIT 1',
      }),
    ).toMatchObject({
      records: [{ Industry: 'Retail', n: 2 }],
    });
  });
});

describe('salesforce_search_records', () => {
  it('finds words in several objects, with the requested fields', async () => {
    const objects = [{ name: 'Account', fields: ['Name', 'Id'] }, { name: 'Contact' }];
    expect(await org.call('salesforce_search_records', { text: 'sample', objects })).toEqual({
      records: [
        { object: 'Account', fields: { Id: expect.any(String), Name: 'Sample Works' } },
        { object: 'Account', fields: { Id: expect.any(String), Name: 'Northern Sample Bank' } },
        { object: 'Contact', fields: { Id: expect.any(String) } },
      ],
    });
  });

  it.each(["O'Brien & Daughters", 'a} RETURNING User(Id', '"sample" OR {x}', 'sample*'])('takes %j as words', async (text) => {
    const { records } = await org.call('salesforce_search_records', { text, objects: [{ name: 'Account', fields: ['Name'] }] });
    expect(records).toHaveLength(text.startsWith('O') ? 1 : 0);
  });

  it.each(['R&D', 'C++', "O'Neil (EMEA)", 'a\\b', 'AND'])('searches for words with reserved characters as they are: %s', async (text) => {
    const created = await org.call<{ id: string }>('salesforce_create_record', { object: 'Account', fields: { Name: `Team ${text}` } });
    const { records } = await org.call<{ records: object[] }>('salesforce_search_records', { text, objects: [{ name: 'Account' }] });
    expect(records).toEqual([{ object: 'Account', fields: { Id: created.id } }]);
  });

  it('says of which objects it may not show all records', async () => {
    for (let index = 0; index < 3; index += 1) org.sandbox.add('Contact', { LastName: 'Sample' });
    const input = { text: 'sample', objects: [{ name: 'Account' }, { name: 'Contact' }], limit: 3 };
    const { content, structuredContent } = await org.answer('salesforce_search_records', input);
    const found = ['Account', 'Account', 'Contact', 'Contact', 'Contact'];
    expect(structuredContent).toMatchObject({ records: found.map((object) => ({ object })) });
    expect(content.at(-1)).toEqual({
      type: 'text',
      text: 'Warning: More records of Contact were found than are shown. Raise limit, or search for more words.',
    });
  });

  it('refuses a name that is not an identifier', async () => {
    const objects = [{ name: 'Account(Id), User' }];
    expect(await org.failure('salesforce_search_records', { text: 'sample', objects })).toMatch(/^INVALID_INPUT/);
    expect(
      await org.failure('salesforce_search_records', { text: 'sample', objects: [{ name: 'Account', fields: ['Id) User(Id'] }] }),
    ).toMatch(/^INVALID_INPUT/);
    expect(org.sandbox.requests).toEqual([]);
  });
});
