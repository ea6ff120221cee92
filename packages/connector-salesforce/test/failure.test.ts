import { describe, expect, it } from 'vitest';
import { readFailure } from '../src/failure.ts';

const read = (status: number, data?: unknown) => readFailure({ status, headers: new Headers(), data });
const error = (errorCode: string, message = 'because') => [{ errorCode, message }];

const composite = (...parts: [status: number, code: string][]) => ({
  compositeResponse: parts.map(([httpStatusCode, code], index) => ({
    referenceId: `q${index}`,
    httpStatusCode,
    body: httpStatusCode === 200 ? { records: [] } : error(code),
  })),
});
const rows = (...codes: string[][]) =>
  codes.map((list) => ({ success: list.length === 0, errors: list.map((statusCode) => ({ statusCode, message: 'because' })) }));

describe('a failure of Salesforce', () => {
  it.each<[number, unknown, string, 'yes' | 'no' | 'unknown']>([
    [300, ['/services/data/v64.0/sobjects/Account/1'], 'CONFLICT', 'no'],
    [300, undefined, 'CONFLICT', 'no'],
    [400, error('MALFORMED_QUERY'), 'UPSTREAM_REJECTED', 'no'],
    [400, error('DUPLICATES_DETECTED'), 'CONFLICT', 'no'],
    [400, error('ENTITY_IS_DELETED'), 'NOT_FOUND', 'no'],
    [400, error('INVALID_QUERY_LOCATOR'), 'NOT_FOUND', 'no'],
    [400, error('INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY'), 'FORBIDDEN', 'no'],
    [400, error('ENTITY_IS_LOCKED'), 'UPSTREAM_REJECTED', 'no'],
    [400, error('CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY', 'trigger failed'), 'UPSTREAM_REJECTED', 'no'],
    [400, error('UNABLE_TO_LOCK_ROW'), 'UPSTREAM_UNAVAILABLE', 'no'],
    [400, { error: 'invalid_grant', error_description: 'expired' }, 'UPSTREAM_REJECTED', 'no'],
    [400, undefined, 'UPSTREAM_REJECTED', 'no'],
    [401, error('INVALID_SESSION_ID'), 'UNAUTHENTICATED', 'no'],
    [403, error('API_DISABLED_FOR_ORG'), 'FORBIDDEN', 'no'],
    [403, error('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'), 'RATE_LIMITED', 'no'],
    [404, error('NOT_FOUND'), 'NOT_FOUND', 'no'],
    [410, undefined, 'CONNECTION_INVALID', 'no'],
    [412, error('PRECONDITION_FAILED'), 'CONFLICT', 'no'],
    [414, '<html>', 'UPSTREAM_REJECTED', 'no'],
    [431, undefined, 'UPSTREAM_REJECTED', 'no'],
    [500, error('UNKNOWN_EXCEPTION'), 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [503, '<html><body>Down</body></html>', 'UPSTREAM_UNAVAILABLE', 'unknown'],
  ])('with HTTP %i and the body %j is %s', (status, data, code, executed) => {
    const failure = read(status, data);
    expect(failure).toMatchObject({ code, executed });
    expect(failure?.message).not.toMatch(/undefined|<html>|\[object/);
  });

  it.each([[200], [201], [204]])('is never read from HTTP %i, even with errors in the body', (status) => {
    expect(read(status, error('NOT_FOUND'))).toBeUndefined();
  });

  it.each<[string, unknown, string | undefined]>([
    ['a composite whose parts all failed', composite([500, 'UNKNOWN_EXCEPTION'], [503, 'SERVER_UNAVAILABLE']), undefined],
    ['a composite with a part that succeeded', composite([500, 'UNKNOWN_EXCEPTION'], [200, '']), undefined],
    ['a composite whose parts failed permanently', composite([400, 'QUERY_TIMEOUT'], [500, 'UNKNOWN_EXCEPTION']), undefined],
    ['a composite with a part that met the limit', composite([200, ''], [403, 'REQUEST_LIMIT_EXCEEDED']), 'RATE_LIMITED'],
    ['an empty composite', composite(), undefined],
    ['rows that all met a lock', rows(['UNABLE_TO_LOCK_ROW'], ['UNABLE_TO_LOCK_ROW']), 'UPSTREAM_UNAVAILABLE'],
    ['rows undone because of a lock', rows(['ALL_OR_NONE_OPERATION_ROLLED_BACK'], ['UNABLE_TO_LOCK_ROW']), 'UPSTREAM_UNAVAILABLE'],
    ['rows of which one met a lock', rows([], ['UNABLE_TO_LOCK_ROW']), undefined],
    ['rows with another fault too', rows(['REQUIRED_FIELD_MISSING'], ['UNABLE_TO_LOCK_ROW']), undefined],
    ['rows that all met the limit', rows(['REQUEST_LIMIT_EXCEEDED']), 'RATE_LIMITED'],
    ['rows without errors', rows([]), undefined],
    ['no rows', [], undefined],
  ])('is read from a 200 with %s: %j', (_, data, code) => {
    expect(read(200, data)?.code).toBe(code);
  });

  it('names the records that a duplicate rule found, in either spelling', () => {
    const found = { matchResults: [{ matchRecords: [{ record: { attributes: { type: 'Contact' }, Id: '003000000000001AAA' } }] }] };
    for (const key of ['duplicateResut', 'duplicateResult']) {
      const message = read(400, [
        { errorCode: 'DUPLICATES_DETECTED', message: 'Use one of these records?', fields: ['Email'], [key]: found },
      ])?.message;
      expect(message).toContain('DUPLICATES_DETECTED [similar records: 003000000000001AAA]: Use one of these records? (Email)');
      expect(message).toContain('update one of them');
    }
    expect(read(400, [{ errorCode: 'DUPLICATES_DETECTED', message: 'x', duplicateResut: 'odd' }])?.code).toBe('CONFLICT');
  });

  it.each([
    [412, undefined, /changed by someone else/],
    [412, error('PRECONDITION_FAILED'), /changed by someone else/],
    [
      400,
      error('DUPLICATE_VALUE', 'duplicate value found: Erp_Id__c duplicates value on record with id: 001000000000001'),
      /001000000000001.*unique/,
    ],
    [409, error('SOMETHING_ELSE'), /conflict.*Read the record/],
    [403, error('STORAGE_LIMIT_EXCEEDED'), /storage is full/],
    [403, error('INVALID_OPERATION_WITH_EXPIRED_PASSWORD'), /password has expired/],
    [404, error('INVALID_CROSS_REFERENCE_KEY'), /names no record/],
    [
      400,
      error('INVALID_FIELD', 'value of filter criterion for field must be of type dateTime and should not be enclosed in quotes'),
      /Bind the value/,
    ],
    [400, error('INVALID_FIELD', 'No such column'), /salesforce_describe_object/],
  ])('with HTTP %i and %j has advice of its own', (status, data, advice) => {
    const message = read(status, data)?.message ?? '';
    expect(message).toMatch(advice);
    if (status !== 412) expect(message).not.toContain('changed by someone else');
  });

  it('says how long to wait for the daily limit, but not for concurrent requests', () => {
    expect(read(403, error('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'))?.retryAfterMs).toBe(900_000);
    expect(read(403, error('REQUEST_LIMIT_EXCEEDED', 'ConcurrentPerOrgLongTxn Limit exceeded.'))?.retryAfterMs).toBeUndefined();
  });

  it('renews the session only with a 401', () => {
    expect([read(401)?.renew, read(403)?.renew]).toEqual([true, undefined]);
  });

  it('is read from its first problems, however many and however long they are', () => {
    const problems = Array.from({ length: 20 }, () => ({ errorCode: 'INVALID_FIELD', message: ' x'.repeat(100_000) }));
    expect(read(400, [...problems, ...Array.from({ length: 5_000 }, () => 1)])?.message).toContain('INVALID_FIELD: x x x');
    const rows = Array.from({ length: 5_000 }, () => ({ success: false, errors: [{ statusCode: 'UNABLE_TO_LOCK_ROW' }] }));
    expect(read(200, rows)).toBeUndefined();
  });

  it('quotes codes, reasons and fields, in at most 500 characters', () => {
    const long = Array.from({ length: 20 }, () => ({
      errorCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION',
      message: 'No\n  discount',
      fields: ['Discount__c'],
    }));
    const message = read(400, long)?.message ?? '';
    expect(message).toContain('Salesforce says: FIELD_CUSTOM_VALIDATION_EXCEPTION: No discount (Discount__c); FIELD_');
    expect(message.length).toBeLessThan(700);
  });
});
