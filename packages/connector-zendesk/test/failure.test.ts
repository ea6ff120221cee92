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
      'email: Email: x is taken; name: Blank.',
    ],
    [
      'the id and type of a custom field',
      422,
      {
        error: 'RecordInvalid',
        description: 'Record validation errors',
        details: {
          base: [
            {
              description: 'Type of Content: is required when solving a ticket',
              error: 'BlankValue',
              ticket_field_id: 360_008_591_391,
              ticket_field_type: 'FieldTagger',
            },
          ],
        },
      },
      'UPSTREAM_REJECTED',
      'Zendesk says: customFields id 360008591391 (FieldTagger): Type of Content: is required when solving a ticket. Correct the arguments that ' +
        'it names and call again. zendesk_list_ticket_fields with that id as fieldId shows what the field takes.',
    ],
    [
      'details that are texts, objects or lists of both',
      422,
      {
        error: 'RecordInvalid',
        details: { a: 'is wrong', b: ['too long', { error: 'Blank', id: 7 }], c: { description: 'no', max: 3 }, base: ['x'] },
      },
      'UPSTREAM_REJECTED',
      'a: is wrong; b: too long; b: Blank (id 7); c: no (max 3); x.',
    ],
    ['details that are a text', 422, { error: 'X', details: 'The name is too long' }, 'UPSTREAM_REJECTED', 'says: The name is too long.'],
    [
      'an error with a limit',
      400,
      { error: 'TooManyValues', description: 'Too many tags', max_count: 100 },
      'UPSTREAM_REJECTED',
      'Too many tags (max_count 100).',
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
      {
        errors: [
          { code: 'X', title: 'Bad', detail: 'page is wrong', id: 'e1', status: '400', source: { parameter: 'page[size]' } },
          'and more',
        ],
      },
      'UPSTREAM_REJECTED',
      'Bad: page is wrong (id e1, parameter page[size]); and more.',
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
    expect(read(409, {})?.message).toContain('Read the record again with zendesk_get_ticket or zendesk_get_user');
    expect(read(422, {})?.message).toContain('Correct the arguments that it names and call again');
  });

  it('of an update of a ticket that has changed says to read it again', () => {
    expect(read(409, { error: 'UpdateConflict', description: 'Safe Update prevented the update' })).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(/^Someone else has changed the ticket since you read it, .* Read it again with zendesk_get_ticket/),
    });
  });

  it('because two writes met passes by itself', () => {
    expect(read(409, { error: 'DatabaseConflict', description: 'Database collision' })).toEqual({
      code: 'UPSTREAM_UNAVAILABLE',
      message:
        'Two writes met inside Zendesk, so this one was not made. Zendesk says: Database collision. That passes by itself: make the same call again in a moment.',
      executed: 'no',
      repeat: 'idempotent',
    });
  });

  it('because a ticket is closed says that no argument can correct that', () => {
    const failure = read(422, {
      error: 'RecordInvalid',
      description: 'Record validation errors',
      details: { status: [{ description: 'Status: closed prevents ticket update' }] },
    });
    expect(failure).toMatchObject({ code: 'UPSTREAM_REJECTED', executed: 'no' });
    expect(failure?.message).toContain('The ticket is closed permanently: nothing can change or reopen it');
    expect(failure?.message).toContain('Do not call again for this ticket');
    expect(failure?.message).toContain('closed_by_merge');
    expect(failure?.message).toContain('create a new ticket');
    expect(failure?.message).not.toContain('Correct the arguments');
  });

  it('of a whole account is a fault of the settings', () => {
    const title = 'No help desk at acme.zendesk.com';
    const failure = read(404, { error: { title, message: 'There is no help desk configured at this address. It is available.' } });
    expect(failure).toMatchObject({ code: 'CONNECTION_INVALID', executed: 'no' });
    expect(failure?.message).toContain('Someone must correct the subdomain in the connection’s settings');
    expect(failure?.message).not.toContain('Check the id');
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
