import { describe, expect, it } from 'vitest';
import { readFailure } from '../src/failure.ts';

const read = (status: number, data?: unknown) => readFailure({ status, headers: new Headers(), data });
const errors = (message: string, field: string | null = null) => ({ errors: [{ message, field, help: null }] });

describe('a refusal of SendGrid', () => {
  it.each([200, 202, 204, 302])('is not read from a %i', (status) => {
    expect(read(status, errors('x'))).toBeUndefined();
  });

  it.each([500, 503, 408])('has an unknown outcome after a %i', (status) => {
    expect(read(status, errors('internal server error'))).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      message: `SendGrid failed (HTTP ${status}). SendGrid says: internal server error.`,
      executed: 'unknown',
    });
  });

  it.each([
    [
      400,
      errors('Does not contain a valid address.', 'personalizations.0.to.0.email'),
      'UPSTREAM_REJECTED',
      'SendGrid says: personalizations.0.to.0.email: Does not contain a valid address. Correct what it names',
    ],
    [400, { errors: [{ message: 'One' }, { message: 'Two', field: 'b' }] }, 'UPSTREAM_REJECTED', 'SendGrid says: One; b: Two.'],
    [400, { errors: [{ message: 'One', error_id: 'abc', field: undefined }] }, 'UPSTREAM_REJECTED', 'SendGrid says: One (error_id abc).'],
    [
      400,
      {
        errors: [
          { message: 'One', parameter: 'page_size', help: { link: 'https://sendgrid.com/docs#x' } },
          { message: 'Two', help: 'Call us' },
        ],
        id: 'e9',
      },
      'UPSTREAM_REJECTED',
      'SendGrid says: page_size: One (https://sendgrid.com/docs#x); Two (Call us) (id e9).',
    ],
    [400, { errors: [{ message: 'One', field: 7, help: 3 }] }, 'UPSTREAM_REJECTED', 'SendGrid says: 7: One.'],
    [404, { error: 'Template not found' }, 'NOT_FOUND', 'SendGrid says: Template not found. Check the id; sendgrid_list_templates'],
    [409, errors('exists already'), 'CONFLICT', 'SendGrid says: exists already.'],
    [400, { error: 'Bad thing' }, 'UPSTREAM_REJECTED', 'SendGrid says: Bad thing.'],
    [400, 'plain words', 'UPSTREAM_REJECTED', 'SendGrid says: plain words.'],
    [
      401,
      errors('The provided authorization grant is invalid, expired, or revoked'),
      'UNAUTHENTICATED',
      'Someone must put a valid key into the connection’s settings',
    ],
    [
      401,
      '',
      'UNAUTHENTICATED',
      'gives no reason, so nothing was done. Either the connection’s API key or its region is wrong, or the account',
    ],
    [401, undefined, 'UNAUTHENTICATED', 'gives no reason, so nothing was done.'],
    [
      401,
      errors('Maximum credits exceeded'),
      'FORBIDDEN',
      'no e-mails left in its plan, so nothing was sent. SendGrid says: Maximum credits exceeded. Someone must raise the plan',
    ],
    [403, errors('access forbidden'), 'FORBIDDEN', 'SendGrid says: access forbidden. Someone must give the key the permission'],
    [403, errors('The from address does not match a verified Sender Identity.', 'from'), 'FORBIDDEN', 'Use a verified from address'],
    [413, errors('payload too large'), 'UPSTREAM_REJECTED', 'larger than the 30 MB that SendGrid accepts, so nothing was sent'],
    [429, errors('too many requests'), 'RATE_LIMITED', 'SendGrid says: too many requests.'],
  ])('in a %i with %j is %s', (status, body, code, message) => {
    const failure = read(status, body);
    expect(failure).toMatchObject({ code, executed: 'no' });
    expect(failure?.message).toContain(message);
  });

  it.each([['<html>secret</html>'], [undefined], [null], [[]], [{ errors: null }], [{ errors: [{}] }], [{ errors: 'x' }], [7]])(
    'is read without words in %j',
    (body) => {
      expect(read(400, body)?.message).toBe('SendGrid rejected the request, so nothing was done. Correct what it names and call again.');
    },
  );

  it('is read from its first 20 errors, however many there are', () => {
    const many = [...Array.from({ length: 20 }, () => ({ message: 'bad' })), ...Array.from({ length: 5_000 }, () => 1)];
    expect(read(400, { errors: many })?.message).toContain('SendGrid says: bad; bad; bad');
  });

  it('has a message of limited length', () => {
    expect(read(400, errors(`a\n\n${'b'.repeat(9_000)}`))?.message.length).toBeLessThan(650);
  });
});
