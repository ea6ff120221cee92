import { manualClock } from '@busbar/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { orgObjects } from '../src/sandbox/org-objects.ts';
import { createRecords, type OrgRecords } from '../src/sandbox/org-records.ts';
import { createQueryPages } from '../src/sandbox/query-pages.ts';
import { parseSoql } from '../src/sandbox/soql-parse.ts';
import { runSoql } from '../src/sandbox/soql-run.ts';

// A Wednesday.
const now = Date.parse('2026-05-13T10:00:00Z');
let records: OrgRecords;
let acme: string;
beforeEach(() => {
  records = createRecords(orgObjects({ revenueCloud: false }), manualClock(now));
  acme = records.add('Account', { Name: 'Acme', Industry: 'Retail', AnnualRevenue: 100, NumberOfEmployees: 5, Region__c: 'North' }).Id;
  records.add('Account', { Name: 'Byte', Industry: 'Retail', AnnualRevenue: 300 });
  records.add('Account', { Name: 'Coal', Industry: 'Banking' });
  records.add('Contact', { LastName: 'Ada', AccountId: acme, Email: 'ada@example.org' });
  records.add('Contact', { LastName: 'Bob', AccountId: acme });
  records.add('Opportunity', { Name: 'Deal', CloseDate: '2026-05-13', AccountId: acme });
});

function run(soql: string) {
  const base = '/services/data/v64.0';
  const pages = createQueryPages(base);
  const pageOf = (rows: readonly object[], type: string) => pages.first({ rows, total: rows.length, size: 200, tooling: false, type });
  return runSoql(records, parseSoql(soql), { api: 'data', deleted: false, now, demandAccess: () => {}, base, pageOf });
}
/** The rows without `attributes` at the top. */
const rows = (soql: string) =>
  run(soql).rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'attributes')));
function refusalOf(soql: string): string {
  try {
    run(soql);
  } catch (error) {
    const [problem] = (error as { body: { errorCode: string; message: string }[] }).body;
    return `${problem?.errorCode}: ${problem?.message}`;
  }
  return 'none';
}

describe('a subquery', () => {
  it('returns the children of each record as a result of its own, and null if there are none', () => {
    expect(
      rows("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC) FROM Account WHERE Industry = 'Retail' ORDER BY Name"),
    ).toEqual([
      {
        Name: 'Acme',
        Contacts: {
          totalSize: 2,
          done: true,
          records: [
            { attributes: { type: 'Contact', url: expect.stringContaining('/sobjects/Contact/003') }, LastName: 'Bob' },
            { attributes: { type: 'Contact', url: expect.stringContaining('/sobjects/Contact/003') }, LastName: 'Ada' },
          ],
        },
      },
      { Name: 'Byte', Contacts: null },
    ]);
  });

  it('has conditions and a limit of its own, and may name its parent', () => {
    const soql = `SELECT (SELECT Id FROM Account.Contacts WHERE Email != null LIMIT 5), (SELECT Id FROM Opportunities) FROM Account WHERE Id = '${acme}'`;
    expect(rows(soql)).toMatchObject([{ Contacts: { totalSize: 1 }, Opportunities: { totalSize: 1 } }]);
  });

  it('continues on a page of its own', () => {
    for (let index = 0; index < 300; index += 1) records.add('Contact', { LastName: 'More', AccountId: acme });
    expect(rows(`SELECT (SELECT Id FROM Contacts) FROM Account WHERE Id = '${acme}'`)).toMatchObject([
      { Contacts: { totalSize: 302, done: false, nextRecordsUrl: expect.stringMatching(/\/query\/01g\w+-200$/) } },
    ]);
  });

  it.each([
    [
      'SELECT (SELECT Id FROM Contact) FROM Account',
      /^INVALID_TYPE: Didn't understand relationship 'Contact' in FROM part of query call\./,
    ],
    ["SELECT (SELECT Nope FROM Contacts) FROM Account WHERE Name = 'none'", /^INVALID_FIELD: No such column 'Nope'/],
    ['SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account', /^MALFORMED_QUERY: only root queries support aggregate expressions/],
    ['SELECT COUNT(Id), (SELECT Id FROM Contacts) FROM Account', /^MALFORMED_QUERY/],
  ])('is refused: %s', (soql, reason) => {
    expect(refusalOf(soql)).toMatch(reason);
  });
});

describe('an aggregate', () => {
  it('of all records is one row, whose columns without an alias are numbered', () => {
    expect(
      rows(
        'SELECT COUNT(Id), COUNT(AnnualRevenue) n, SUM(AnnualRevenue), AVG(AnnualRevenue), MIN(Name), MAX(Name) last, COUNT_DISTINCT(Industry) FROM Account',
      ),
    ).toEqual([{ expr0: 3, n: 2, expr1: 400, expr2: 200, expr3: 'Acme', last: 'Coal', expr4: 2 }]);
    expect(rows("SELECT COUNT(Id), SUM(AnnualRevenue) FROM Account WHERE Name = 'none'")).toEqual([{ expr0: 0, expr1: null }]);
  });

  it('of groups is a row for each, in their order, filtered by HAVING', () => {
    expect(rows('SELECT Industry, COUNT(Id) n, SUM(AnnualRevenue) FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC')).toEqual([
      { Industry: 'Retail', n: 2, expr0: 400 },
      { Industry: 'Banking', n: 1, expr0: null },
    ]);
    expect(rows('SELECT Industry i FROM Account GROUP BY industry HAVING COUNT(Id) > 1 AND SUM(AnnualRevenue) >= 400')).toEqual([
      { i: 'Retail' },
    ]);
    expect(rows('SELECT Account.Name, COUNT(Id) FROM Contact GROUP BY Account.Name')).toEqual([{ Name: 'Acme', expr0: 2 }]);
  });

  it('COUNT() returns a total and no rows', () => {
    expect(run('SELECT COUNT() FROM Account')).toMatchObject({ rows: [], total: 3 });
    expect(run('SELECT COUNT() FROM Account LIMIT 2')).toMatchObject({ rows: [], total: 2 });
  });

  it.each([
    ['SELECT Name, COUNT(Id) FROM Account', 'MALFORMED_QUERY: Field must be grouped or aggregated: Name'],
    ['SELECT SUM(Name) FROM Account', 'MALFORMED_QUERY: field Name does not support aggregate operator SUM'],
    ['SELECT COUNT(Description) FROM Account', 'MALFORMED_QUERY: field Description does not support aggregate operator COUNT'],
    ['SELECT COUNT(), Id FROM Account', 'MALFORMED_QUERY'],
    ['SELECT Name n FROM Account', 'MALFORMED_QUERY: only aggregate expressions use field aliasing'],
    ['SELECT Id Name FROM Account', 'MALFORMED_QUERY: only aggregate expressions use field aliasing'],
    ['SELECT Id FROM Account WHERE COUNT(Id) > 1', 'MALFORMED_QUERY: unexpected token'],
    ['SELECT COUNT(Id) n FROM Account ORDER BY n', "INVALID_FIELD: No such column 'n'"],
  ])('is refused: %s', (soql, reason) => {
    expect(refusalOf(soql)).toContain(reason);
  });
});

describe('FIELDS()', () => {
  it('selects the standard fields, and all or the custom ones with a limit', () => {
    const [standard = {}] = rows('SELECT FIELDS(STANDARD) FROM Account LIMIT 1');
    expect(Object.keys(standard)).toEqual(expect.arrayContaining(['Id', 'Name', 'Industry', 'LastModifiedDate']));
    expect(Object.keys(standard)).not.toContain('Region__c');
    expect(rows('SELECT Name, FIELDS(CUSTOM) FROM Account LIMIT 1')).toEqual([{ Name: 'Acme', Erp_Id__c: null, Region__c: 'North' }]);
    expect(Object.keys(rows('SELECT FIELDS(ALL) FROM Account LIMIT 200')[0] ?? {})).toContain('Region__c');
  });

  it.each([
    ['SELECT FIELDS(ALL) FROM Account', 'MALFORMED_QUERY: The SOQL FIELDS function must have a LIMIT of at most 200'],
    ['SELECT FIELDS(CUSTOM) FROM Account LIMIT 201', 'MALFORMED_QUERY: The SOQL FIELDS function must have a LIMIT of at most 200'],
    ['SELECT Id, FIELDS(STANDARD) FROM Account', 'INVALID_FIELD: duplicate field selected: Id'],
    ['SELECT FIELDS(SOME) FROM Account', 'MALFORMED_QUERY'],
    ['SELECT * FROM Account', 'MALFORMED_QUERY: unexpected token'],
  ])('or another list is refused: %s', (soql, reason) => {
    expect(refusalOf(soql)).toContain(reason);
  });
});

it('a field may begin with the object’s name or alias', () => {
  expect(rows("SELECT a.Name, Account.Industry FROM Account a WHERE a.Industry = 'Banking' ORDER BY a.Name")).toEqual([
    { Name: 'Coal', Industry: 'Banking' },
  ]);
  expect(rows("SELECT c.LastName, c.Account.Name FROM Contact c WHERE c.LastName = 'Ada'")).toMatchObject([
    { LastName: 'Ada', Account: { Name: 'Acme' } },
  ]);
});

it('nulls come first in either direction, unless the query says otherwise', () => {
  const names = (order: string) => rows(`SELECT Name FROM Account ORDER BY AnnualRevenue ${order}`).map(({ Name }) => Name);
  expect([names('ASC'), names('DESC'), names('DESC NULLS LAST')]).toEqual([
    ['Coal', 'Acme', 'Byte'],
    ['Coal', 'Byte', 'Acme'],
    ['Byte', 'Acme', 'Coal'],
  ]);
});

it.each([
  ['TODAY', '2026-05-13'],
  ['YESTERDAY', '2026-05-12'],
  ['TOMORROW', '2026-05-14'],
  ['THIS_WEEK', '2026-05-10', '2026-05-16'],
  ['LAST_WEEK', '2026-05-03', '2026-05-09'],
  ['THIS_MONTH', '2026-05-01', '2026-05-31'],
  ['LAST_MONTH', '2026-04-01', '2026-04-30'],
  ['NEXT_N_MONTHS:2', '2026-06-01', '2026-07-31'],
  ['THIS_QUARTER', '2026-04-01', '2026-06-30'],
  ['LAST_YEAR', '2025-01-01', '2025-12-31'],
  ['LAST_N_DAYS:7', '2026-05-06', '2026-05-13'],
  ['NEXT_N_DAYS:1', '2026-05-14', '2026-05-14'],
  ['N_DAYS_AGO:2', '2026-05-11'],
  ['LAST_90_DAYS', '2026-02-12', '2026-05-13'],
])('%s reaches from %s to %s', (range, first, last = first) => {
  const day = (text: string, offset: number) => new Date(Date.parse(text) + offset * 86_400_000).toISOString().slice(0, 10);
  for (const date of [day(first, -1), first, last, day(last, 1)]) records.add('Opportunity', { Name: date, CloseDate: date });
  const names = rows(`SELECT Name FROM Opportunity WHERE CloseDate = ${range} AND Name != 'Deal'`).map(({ Name }) => Name);
  expect(new Set(names)).toEqual(new Set([first, last]));
});
