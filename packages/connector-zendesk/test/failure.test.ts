import { describe, expect, it } from 'vitest';
import { readFailure } from '../src/failure.ts';

const read = (status: number, data?: unknown, headers: Record<string, string> = {}) =>
  readFailure({ status, headers: new Headers(headers), data });

describe('a refusal of Zendesk', () => {
  it.each([200, 201, 204, 302])('is not read from a %i', (status) => {
    expect(read(status, { error: 'x' })).toBeUndefined();
  });

  it('has an unknown outcome after a 5xx', () => {
    const failure = read(
      503,
      { error: 'unavailable', description: 'Please try again in a moment' },
      { 'retry-after': '7', 'ratelimit-reset': '50' },
    );
    expect(failure).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'Zendesk failed (HTTP 503). Zendesk says: Please try again in a moment.',
      executed: 'unknown',
    });
  });

  it('has an unknown outcome after a proxy’s 408', () => {
    expect(read(408, '<html></html>')).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', executed: 'unknown' });
  });

  it('asks for a new token on 401, and for a person if a new token does not help', () => {
    const failure = read(401, { error: 'invalid_token', error_description: 'The access token provided is expired.' });
    expect(failure).toMatchObject({ code: 'UNAUTHENTICATED', renew: true, executed: 'no' });
    expect(failure?.message).toBe(
      'Zendesk refused the connection’s credential. Zendesk says: The access token provided is expired. Someone must renew its OAuth client or API token in the connection’s settings.',
    );
    expect(read(401, { error: "Couldn't authenticate you" })?.message).toContain("Zendesk says: Couldn't authenticate you.");
  });

  it.each([
    [
      'the fields that are wrong',
      422,
      {
        error: 'RecordInvalid',
        description: 'Record validation errors',
        details: { email: [{ description: 'Email: x is taken', error: 'DuplicateValue' }], name: [{ error: 'Blank' }] },
      },
      'UPSTREAM_REJECTED',
      'email: Email: x is taken; name: invalid.',
    ],
    [
      'an error object',
      403,
      { error: { title: 'Forbidden', message: 'You do not have access to this page' } },
      'FORBIDDEN',
      'Forbidden: You do not have access to this page.',
    ],
    [
      'a description',
      403,
      { error: 'Forbidden', description: 'You are missing the following required scopes: write' },
      'FORBIDDEN',
      'You are missing the following required scopes: write.',
    ],
    [
      'a list of errors',
      400,
      { errors: [{ title: 'Bad', detail: 'page is wrong' }, 'and more'] },
      'UPSTREAM_REJECTED',
      'Bad: page is wrong; and more.',
    ],
    ['a name alone', 404, { error: 'RecordNotFound' }, 'NOT_FOUND', 'RecordNotFound.'],
    [
      'plain text',
      429,
      'Number of allowed API requests per minute exceeded',
      'RATE_LIMITED',
      'Number of allowed API requests per minute exceeded.',
    ],
    [
      'a conflict',
      409,
      { error: 'UpdateConflict', description: 'Safe Update prevented the update' },
      'CONFLICT',
      'Safe Update prevented the update.',
    ],
    ['a refused size', 413, undefined, 'UPSTREAM_REJECTED', 'Shorten the text'],
  ])('returns the reason from %s', (_, status, data, code, reason) => {
    const failure = read(status, data);
    expect(failure).toMatchObject({ code, executed: 'no' });
    expect(failure?.message).toContain(reason);
  });

  it('says what to do next in every message', () => {
    expect(read(403, {})?.message).toContain('Someone must give that user the right');
    expect(read(404, {})?.message).toContain('find the record with zendesk_search_tickets or zendesk_get_user');
    expect(read(409, {})?.message).toContain('Read it again with zendesk_get_ticket');
    expect(read(422, {})?.message).toContain('Correct the arguments that it names and call again');
  });

  it('distinguishes a used idempotency key from other bad requests', () => {
    expect(read(400, { error: 'IdempotentRequestError', description: 'x' })?.code).toBe('IDEMPOTENCY_CONFLICT');
    expect(read(400, { error: 'TooManyValues', description: 'x', max_count: 100 })?.code).toBe('UPSTREAM_REJECTED');
  });

  it('leaves a proxy’s page out of the message', () => {
    expect(read(403, '<html><body>Access denied</body></html>')?.message).not.toContain('Access denied');
  });

  it('keeps the reason to one line of limited length', () => {
    const message = read(422, { error: 'x', description: `many\n  lines ${'y'.repeat(5_000)}` })?.message ?? '';
    expect(message).toContain('many lines yyy');
    expect(message.length).toBeLessThan(700);
  });

  it.each([[null], [42], [[]], [{ error: 7 }], [{ details: 'x' }], [undefined]])('is read from %j too', (data) => {
    expect(read(422, data)?.code).toBe('UPSTREAM_REJECTED');
  });
});
