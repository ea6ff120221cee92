import { describe, expect, it } from 'vitest';
import { parseSoql } from '../src/sandbox/soql-parse.ts';
import { bindSoql, type BoundValue } from '../src/soql.ts';
import { sosl } from '../src/sosl.ts';
import { dateInput } from '../src/time.ts';

const bind = (where: string, values: Record<string, BoundValue>) =>
  bindSoql(`SELECT Id FROM Account WHERE ${where}`, values).replace(/^.*WHERE /, '');

describe('a value in a query', () => {
  it.each<[string, BoundValue, string]>([
    ['a text', 'Acme', "'Acme'"],
    ['a text with a quote', "O'Brien", "'O\\'Brien'"],
    ['a text that would end its literal', "x' OR Name != '", "'x\\' OR Name != \\''"],
    ['a text that ends in a backslash', 'x\\', "'x\\\\'"],
    ['a text with a backslash before a quote', "\\'", "'\\\\\\''"],
    ['a text with line breaks and tabs', 'a\r\nb\tc', "'a\\r\\nb\\tc'"],
    ['a text with control characters', '\u0000\u001b\u0085', "'\\u0000\\u001b\\u0085'"],
    ['a number', 12.5, '12.5'],
    ['true', true, 'true'],
    ['null', null, 'null'],
    ['a day', { date: '2026-03-01' }, '2026-03-01'],
    ['a time of another zone', { date: '2026-03-01T09:30:00+02:00' }, '2026-03-01T07:30:00.000Z'],
    ['a time in Salesforce’s own form', { date: '2026-03-01T09:30:00.000+0000' }, '2026-03-01T09:30:00.000Z'],
    ['a list of days', [{ date: '2026-03-01' }, { date: '2026-03-02' }], '(2026-03-01, 2026-03-02)'],
    ['a list of times', [{ date: '2026-03-01T10:30:00.000+0100' }, null], '(2026-03-01T09:30:00.000Z, null)'],
    ['a list', ["a'b", 1, null], "('a\\'b', 1, null)"],
    ['a part of a text, with escaped wildcards', { contains: "50%_'\\" }, "'%50\\%\\_\\'\\\\%'"],
    ['the start of a text', { startsWith: 'A_' }, "'A\\_%'"],
  ])('is written in SOQL: %s', (_, value, soql) => {
    expect(bind('X = :v', { v: value })).toBe(`X = ${soql}`);
  });

  it.each(["'", '\\', "\\'", "' OR Id != '", "\\\\' --", 'a\u2028b', "''''", '\n\r\t\b\f"'])(
    'comes back unchanged when the query is parsed: %j',
    (text) => {
      const { where } = parseSoql(bindSoql('SELECT Id FROM Account WHERE Name = :v', { v: text }));
      expect(where).toEqual({ kind: 'compare', field: 'Name', operator: '=', value: { kind: 'text', value: text } });
    },
  );

  it('replaces its name everywhere except in quotes', () => {
    expect(bind("A = :v OR B = ':v' OR C = :v", { v: 1 })).toBe("A = 1 OR B = ':v' OR C = 1");
  });

  it('is not bound to a colon in times and date ranges', () => {
    expect(bind('A > 2026-03-01T09:30:00Z AND B = LAST_N_DAYS:30', {})).toBe('A > 2026-03-01T09:30:00Z AND B = LAST_N_DAYS:30');
    expect(() => bind('B = LAST_N_DAYS:n', { n: 7 })).toThrow('the query names no :n');
  });
});

describe('a time in a query', () => {
  it('is sent with a colon in its offset, except in quotes', () => {
    expect(bind("A > 2026-03-01T09:30:00.000+0000 AND B IN (2026-03-01T09:30:00-0530) AND C = '2026-03-01T09:30:00+0000'", {})).toBe(
      "A > 2026-03-01T09:30:00.000+00:00 AND B IN (2026-03-01T09:30:00-05:30) AND C = '2026-03-01T09:30:00+0000'",
    );
  });

  it('is refused without a zone', () => {
    expect(() => bind('A > 2026-03-01T09:30:00', {})).toThrow('2026-03-01T09:30:00 is wrong. The time has no zone: add Z or an offset');
    expect(() => bind('A > 2026-03-01T09:30:00 AND B = 1', {})).toThrow('has no zone');
    expect(() => bind('A > 2026-13-01T09:30:00Z', {})).toThrow('must be a time with its zone');
  });

  it.each([
    ['2026-03-01T09:30:00', 'The time has no zone: add Z or an offset, such as "2026-03-01T09:30:00Z"'],
    ['2026-02-30T09:30:00Z', 'It must be a time with its zone, such as "2026-03-01T09:30:00Z"'],
    ['yesterday', 'It must be a date such as "2026-03-01", or a time with its zone, such as "2026-03-01T09:30:00Z"'],
  ])('that is bound as %j is refused with its reason', (text, message) => {
    expect(dateInput.safeParse(text).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});

describe('a query', () => {
  it.each([
    ['another statement', "DELETE FROM Account WHERE Name = 'x'", 'it must be one SELECT'],
    ['a search', 'FIND {x} RETURNING Account', 'it must be one SELECT'],
    ['a lock', "SELECT Id FROM Account WHERE Name = 'x' FOR UPDATE", 'only reads'],
    ['a trace of a view', 'SELECT Id FROM Account LIMIT 1 for\nview', 'only reads'],
    ['a reference', 'SELECT Id FROM Account LIMIT 1 FOR  REFERENCE', 'only reads'],
    ['a count of article views', "SELECT Title FROM FAQ__kav WHERE Language = 'en' UPDATE VIEWSTAT", 'only reads'],
    ['tracked words', "SELECT Title FROM FAQ__kav WHERE Language = 'en' UPDATE TRACKING", 'only reads'],
    ['a second statement', 'SELECT Id FROM Account; SELECT Id FROM Contact', '";" is refused'],
    ['a comment', 'SELECT Id FROM Account -- all', '"--" is refused'],
    ['a block comment', 'SELECT Id /* all */ FROM Account', '"/*" is refused'],
    ['an open quote', "SELECT Id FROM Account WHERE Name = 'x", 'a quote is not closed'],
    ['a quote that a backslash keeps open', "SELECT Id FROM Account WHERE Name = 'x\\' ", 'a quote is not closed'],
    ['a line break in quotes', "SELECT Id FROM Account WHERE Name = 'a\nb'", 'a line break or a control character'],
    ['a name without a value', 'SELECT Id FROM Account WHERE Name = :who', 'values has no "who"'],
    ['a name that every JavaScript object has', 'SELECT Id FROM Account WHERE Name = :toString', 'values has no "toString"'],
  ])('with %s is refused', (_, soql, why) => {
    expect(() => bindSoql(soql)).toThrow(why);
  });

  it('may contain all of these in quotes', () => {
    const soql = "SELECT Id FROM Account WHERE Name = 'FOR UPDATE; -- /* :name \\' //'";
    expect(bindSoql(soql)).toBe(soql);
  });

  it('is written on one line', () => {
    expect(bindSoql('  SELECT Id\r\n\tFROM Account  ')).toBe('SELECT Id FROM Account');
  });

  it('refuses a value that it does not name', () => {
    expect(() => bindSoql("SELECT Id FROM Account WHERE Name = ':v'", { v: 1 })).toThrow('Names inside quotes are not bound');
  });
});

describe('a search', () => {
  const search = (text: string) => sosl({ text, scope: 'ALL', objects: [{ name: 'Account', fields: ['Id', 'Name'] }], limit: 5 });

  it('escapes every reserved character', () => {
    expect(search('?&|!{}[]()^~*:\\"\'+-')).toBe(
      'FIND {\\?\\&\\|\\!\\{\\}\\[\\]\\(\\)\\^\\~\\*\\:\\\\\\"\\\'\\+\\-} IN ALL FIELDS RETURNING Account(Id, Name LIMIT 5)',
    );
  });

  it('cannot break out of its braces', () => {
    expect(search('x} RETURNING User(Id')).toContain('FIND {x\\} RETURNING User\\(Id}');
  });

  it('has no operators', () => {
    expect(search('salt AND pepper NOT sand')).toContain('{salt and pepper not sand}');
  });
});
