import { describe, expect, it } from 'vitest';
import { readFailure } from '../src/failure.ts';

const read = (status: number, data?: unknown) => readFailure({ status, headers: new Headers(), data });
const error = (errorCode: string, message = 'because') => [{ errorCode, message }];

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

  it('says how long to wait for the daily limit, but not for concurrent requests', () => {
    expect(read(403, error('REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'))?.retryAfterMs).toBe(900_000);
    expect(read(403, error('REQUEST_LIMIT_EXCEEDED', 'ConcurrentPerOrgLongTxn Limit exceeded.'))?.retryAfterMs).toBeUndefined();
  });

  it('renews the session only with a 401', () => {
    expect([read(401)?.renew, read(403)?.renew]).toEqual([true, undefined]);
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
