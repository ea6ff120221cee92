import { describe, expect, test } from 'vitest';
import { failureFromStatus, quoteReason, refused } from '../../src/connector/failure.ts';

describe('a quotation of the vendor', () => {
  test.each([
    ['The title is missing', ' Acme says: The title is missing.'],
    ['  The title\n\tis missing!  ', ' Acme says: The title is missing!'],
    ['Is it?', ' Acme says: Is it?'],
    ['and so on…', ' Acme says: and so on…'],
    ['<b> is not a tag', ''],
    ['\n<!DOCTYPE html><title>502</title>', ''],
    [' \n ', ''],
    ['', ''],
    [null, ''],
    [undefined, ''],
  ])('of %j is %j', (reason, quotation) => {
    expect(quoteReason('Acme', reason)).toBe(quotation);
  });

  test('is read from the first 10,000 characters of the reason', () => {
    expect(quoteReason('Acme', `${' '.repeat(9_999)}xy`)).toBe(' Acme says: x.');
  });

  test.each([
    ['x'.repeat(500), `${'x'.repeat(500)}.`],
    ['x'.repeat(501), `${'x'.repeat(499)}…`],
    [`${'x'.repeat(498)}😀😀`, `${'x'.repeat(498)}…`],
    [`${'x'.repeat(497)}😀😀`, `${'x'.repeat(497)}😀…`],
  ])('has at most 500 characters of the reason, and no half of a character', (reason, quoted) => {
    expect(quoteReason('Acme', reason)).toBe(` Acme says: ${quoted}`);
  });
});

test('a refused request was not executed', () => {
  expect(refused('CONFLICT', 'Read it again.')).toEqual({ code: 'CONFLICT', message: 'Read it again.', executed: 'no' });
  expect(refused('RATE_LIMITED', 'Wait.', { retryAfterMs: 5 })).toMatchObject({ executed: 'no', retryAfterMs: 5 });
});

describe('the failure of a status', () => {
  test.each([
    [400, 'UPSTREAM_REJECTED', 'no'],
    [401, 'UNAUTHENTICATED', 'no'],
    [403, 'FORBIDDEN', 'no'],
    [404, 'NOT_FOUND', 'no'],
    [409, 'CONFLICT', 'no'],
    [412, 'CONFLICT', 'no'],
    [422, 'UPSTREAM_REJECTED', 'no'],
    [429, 'RATE_LIMITED', 'no'],
    [408, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [500, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [503, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [302, 'UPSTREAM_INVALID', 'unknown'],
  ] as const)('for HTTP %i is %s, executed %s', (status, code, executed) => {
    expect(failureFromStatus(status)).toMatchObject({ code, executed });
  });

  test.each([400, 401, 403, 404, 408, 409, 410, 412, 422, 429, 500, 503])('quotes the vendor by its name for a %i', (status) => {
    const { message } = failureFromStatus(status, 'Acme', quoteReason('Acme', 'No more tasks'));
    expect(message).toMatch(/\. Acme says: No more tasks\.( |$)/);
    expect(message).not.toMatch(/vendor|undefined/);
  });

  test('names no vendor if it is given none', () => {
    expect(failureFromStatus(503)).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'The vendor failed (HTTP 503).',
      executed: 'unknown',
    });
  });

  test('renews the token with a 401 alone', () => {
    expect([401, 403, 429].map((status) => failureFromStatus(status).renew)).toEqual([true, undefined, undefined]);
  });
});
