import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, ticketQuery } from '../../src/search-query.ts';

describe('a ticket query', () => {
  it('writes every condition of the filter, in a fixed order', () => {
    const filter = {
      text: 'printer fire',
      updatedBefore: '2026-02-01T10:00:00Z',
      updatedAfter: '2026-01-15',
      createdBefore: '2026-01-31',
      createdAfter: '2026-01-01',
      tag: 'vip',
      priority: ['high', 'urgent'],
      status: ['new', 'open'],
      organization: 'Example Bakery',
      assignee: 'none',
      requester: 'ada@example.com',
    };
    expect(ticketQuery(filter)).toBe(
      'requester:"ada@example.com" assignee:none organization:"Example Bakery" status:new status:open priority:high priority:urgent tags:"vip" ' +
        'created>=2026-01-01 created<2026-01-31 updated>=2026-01-15 updated<2026-02-01T10:00:00Z printer fire',
    );
  });

  it('is empty without conditions', () => {
    expect(ticketQuery({})).toBe('');
    expect(ticketQuery({ text: ' ', requester: '', tag: '' })).toBe('');
  });

  it('writes times in UTC and whole seconds, and refuses invalid dates', () => {
    expect(ticketQuery({ createdAfter: '2026-03-01T09:30:00.250+02:00' })).toBe('created>=2026-03-01T07:30:00Z');
    expect(() => ticketQuery({ createdAfter: '2026-01-01 status:closed' })).toThrow(RangeError);
  });

  it('writes ids without quotes, and "me" without quotes only for a person', () => {
    expect(ticketQuery({ requester: 'me', assignee: '123', organization: '456' })).toBe('requester:me assignee:123 organization:456');
    expect(ticketQuery({ organization: 'me', tag: '123' })).toBe('organization:"me" tags:"123"');
  });

  it.each([
    ['a value that ends its quotes', { requester: 'x" status:closed "' }, 'requester:"x status:closed"'],
    ['a backslash before a quote', { organization: 'x\\" type:user' }, 'organization:"x type:user"'],
    ['a line break', { tag: 'a\nstatus:closed' }, 'tags:"a status:closed"'],
    ['an operator among words', { text: 'printer status:closed' }, 'printer "status:closed"'],
    ['a negation among words', { text: '-printer' }, '"-printer"'],
    ['a wildcard among words', { text: 'print*' }, '"print*"'],
    ['a keyword among words', { text: 'black OR white' }, 'black "OR" white'],
    ['quotes among words', { text: 'the "type:user" one' }, 'the "type:user" one'],
  ])('is not changed by %s', (_, filter, expected) => {
    expect(ticketQuery(filter)).toBe(expected);
  });

  it('keeps the letters of every script', () => {
    expect(ticketQuery({ text: 'Drucker überhitzt 故障' })).toBe('Drucker überhitzt 故障');
  });

  it('turns any value into exactly one phrase', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(quote(value)).toMatch(/^"[^"\\\p{Cc}]*"$/u);
      }),
    );
  });

  it('leaves only plain words outside quotes, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const outside = ticketQuery({ text }).replaceAll(/"[^"]*"/g, '');
        expect(outside).toMatch(/^[\p{L}\p{N} ]*$/u);
        expect(outside.split(' ')).not.toContain('OR');
      }),
    );
  });
});
