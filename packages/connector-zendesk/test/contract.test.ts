import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJudge, type Additions, type JudgedRequest, type Verdict } from './request-judge.ts';
import { startAccount, type Account } from './start-account.ts';
import { readDescription, vendorDataIsHere } from './vendor-data.ts';

/** What Zendesk documents in prose alone, and the one part of its description that is not true. */
const additions: Additions = {
  'GET /api/v2/tickets/{ticket_id}': { query: { include: 'Side-loading' } },
  'GET /api/v2/tickets/{ticket_id}/comments': {
    query: { sort: 'List Comments, Sorting', 'page[size]': 'Using cursor pagination', 'page[after]': 'Using cursor pagination' },
  },
  'GET /api/v2/ticket_fields': {
    query: { 'page[size]': 'List Ticket Fields, Pagination', 'page[after]': 'List Ticket Fields, Pagination' },
  },
  'POST /api/v2/users/create_or_update': {
    body: {
      // The description's last alternative takes any user, and it names only some of the fields. Users, JSON format.
      'user.email': { type: 'string', format: 'email' },
      'user.name': { type: 'string', minLength: 1 },
      'user.external_id': { type: 'string', minLength: 1 },
      'user.organization_id': { type: 'integer' },
      'user.phone': { type: 'string' },
      'user.details': { type: 'string' },
      'user.notes': { type: 'string' },
      'user.tags': { type: 'array', items: { type: 'string' } },
      // Create or update user: without sending out a verification e-mail.
      'user.skip_verify_email': { type: 'boolean' },
    },
  },
  'PUT /api/v2/tickets/{ticket_id}/tags': { whole: tagsBody() },
  'DELETE /api/v2/tickets/{ticket_id}/tags': { whole: tagsBody() },
  'GET /api/v2/search': { query: { page: 'Using offset pagination', per_page: 'Using offset pagination' } },
  'GET /api/v2/search/export': { query: { 'page[after]': 'Export Search Results, Pagination' } },
  'POST /api/v2/tickets': {
    body: {
      // Creating a ticket with a new requester.
      'ticket.requester': object({ email: { type: 'string', format: 'email' }, name: { type: 'string', minLength: 1 } }),
      // The description has the definition of a field where its value belongs. Setting custom field values.
      'ticket.custom_fields': customFields(),
    },
  },
  'PUT /api/v2/tickets/{ticket_id}': { body: { 'ticket.custom_fields': customFields() } },
};

/** The description has no body for changes of tags. Tags, Add Tags, with Safe Update, whose example has the flag as a string. */
function tagsBody() {
  return {
    type: 'object',
    properties: {
      tags: { type: 'array', items: { type: 'string' } },
      safe_update: { type: 'string', enum: ['true'] },
      updated_stamp: { type: 'string', format: 'date-time' },
    },
    required: ['tags'],
    dependentRequired: { safe_update: ['updated_stamp'], updated_stamp: ['safe_update'] },
    additionalProperties: false,
  };
}

/** What the connector sends that the description does not know, and what holds it instead. */
const undescribed = new Map([
  ['POST /oauth/tokens', 'the sandbox, and the fields that retry.test.ts expects: the description is of the Support API alone'],
]);

function object(properties: Record<string, object>) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}
function customFields() {
  return {
    type: 'array',
    items: object({ id: { type: 'integer' }, value: { type: ['string', 'boolean', 'array'], items: { type: 'string' } } }),
  };
}

describe.skipIf(!vendorDataIsHere)('every request, held against Zendesk’s own description', () => {
  let account: Account;
  let judge: (request: JudgedRequest) => Verdict;

  /** Makes the connector send every kind of request that it knows, with every field that it knows. */
  beforeAll(async () => {
    judge = createJudge(readDescription(), additions);
    account = await startAccount();
    const properties = {
      priority: 'high',
      type: 'task',
      status: 'open',
      assigneeEmail: 'agent@example.com',
      groupId: 7,
      organizationId: 8,
      externalId: 'x',
      dueAt: '2026-05-01T10:00:00Z',
      customFields: [
        { id: 5, value: 'a' },
        { id: 6, value: true },
        { id: 7, value: ['b'] },
      ],
    };
    const agent = await account.call('zendesk_get_user', { email: 'agent@example.com' });
    const organization = await account.call('zendesk_get_organization', { name: 'Example Bakery' });
    await account.call('zendesk_get_organization', { organizationId: organization['id'] });
    await account.call('zendesk_get_user', { userId: agent['id'] });
    await account.call('zendesk_create_ticket', {
      ...properties,
      subject: 'A',
      body: 'B',
      public: false,
      tags: ['t'],
      requesterEmail: 'new@example.com',
      requesterName: 'New',
    });
    await account.call('zendesk_create_ticket', { subject: 'A', body: 'B', requesterId: agent['id'] });
    await account.call('zendesk_update_ticket', { ...properties, ticketId: 1, subject: 'A', addTags: ['t'] });
    await account.call('zendesk_update_ticket', { ticketId: 1, assigneeId: agent['id'] });
    await account.call('zendesk_add_comment', { ticketId: 2, body: 'B' });
    await account.call('zendesk_add_comment', {
      ticketId: 2,
      body: 'B',
      public: true,
      ifUnchangedSince: account.sandbox.tickets.get(2)?.updated_at,
    });
    await account.call('zendesk_get_ticket', { ticketId: 1, includeComments: true });
    for (let count = 0; count < 12; count += 1) await account.call('zendesk_add_comment', { ticketId: 3, body: 'B' });
    const { commentsCursor } = await account.call('zendesk_get_ticket', { ticketId: 3, includeComments: true });
    await account.call('zendesk_get_ticket', { ticketId: 3, commentsCursor });
    for (const order of ['newest', 'updated', 'all']) {
      const { nextCursor } = await account.call('zendesk_search_tickets', { order, limit: 1, status: ['open', 'solved'] });
      await account.call('zendesk_search_tickets', { cursor: nextCursor });
    }
    for (const action of ['add', 'remove']) {
      await account.call('zendesk_apply_tags', { ticketId: 1, tags: ['t'], action });
      const ifUnchangedSince = account.sandbox.tickets.get(1)?.updated_at;
      await account.call('zendesk_apply_tags', { ticketId: 1, tags: ['u'], action, ifUnchangedSince });
    }
    for (const order of ['newest', 'oldest']) {
      const { nextCursor } = await account.call('zendesk_list_comments', { ticketId: 3, order, limit: 1 });
      await account.call('zendesk_list_comments', { ticketId: 3, cursor: nextCursor });
    }
    await account.call('zendesk_count_tickets', { text: 'printer' });
    await account.call('zendesk_create_or_update_user', { email: 'new@example.com', sendVerification: true });
    await account.call('zendesk_create_or_update_user', {
      email: 'newer@example.com',
      name: 'Newer',
      externalId: 'crm-1',
      phone: '+1 555',
      organizationId: organization['id'],
      details: 'D',
      notes: 'N',
      tags: ['t'],
    });
    const { fields } = await account.call<{ fields: { id: number; title: string }[] }>('zendesk_list_ticket_fields', { detail: 'full' });
    await account.call('zendesk_list_ticket_fields', { fieldId: fields.find(({ title }) => title === 'Model')?.id });
    const more = { ticket_fields: [{ id: 1 }], meta: { has_more: true, after_cursor: 'next' } };
    account.sandbox.misbehave({ kind: 'status', status: 200, body: more, match: 'GET /api/v2/ticket_fields', times: 2 });
    const { nextCursor } = await account.call('zendesk_list_ticket_fields', {});
    await account.call('zendesk_list_ticket_fields', { cursor: nextCursor });
    await account.call('zendesk_get_job_status', { jobId: 'V3-00000000000000000000000000000001' });
    await account.host.check(account.connection);
  });
  afterAll(() => account.close());

  /** One request of each operation, the one with the most in it. */
  function fullest(): Map<string, JudgedRequest> {
    const found = new Map<string, JudgedRequest>();
    const size = ({ query, body }: JudgedRequest) => query.size + JSON.stringify(body ?? '').length;
    for (const request of account.sandbox.requests) {
      const { operation } = judge(request);
      const before = operation === undefined ? undefined : found.get(operation);
      if (operation !== undefined && (!before || size(request) > size(before))) found.set(operation, request);
    }
    return found;
  }

  it('is as the description has it', () => {
    expect(
      account.sandbox.requests.flatMap((request) =>
        judge(request).violations.map((violation) => `${request.method} ${request.path}: ${violation}`),
      ),
    ).toEqual([]);
  });

  it('has an operation there, or stands in the list of those that have none', () => {
    const none = account.sandbox.requests
      .filter((request) => judge(request).operation === undefined)
      .map(({ method, path }) => `${method} ${path}`);
    expect(new Set(none)).toEqual(new Set(undescribed.keys()));
  });

  it('is of one of the operations that the connector uses, and each of them was judged', () => {
    expect([...fullest().keys()].sort()).toEqual([
      'DELETE /api/v2/tickets/{ticket_id}/tags',
      'GET /api/v2/job_statuses/{job_status_id}',
      'GET /api/v2/organizations/search',
      'GET /api/v2/organizations/{organization_id}',
      'GET /api/v2/search',
      'GET /api/v2/search/count',
      'GET /api/v2/search/export',
      'GET /api/v2/ticket_fields',
      'GET /api/v2/ticket_fields/{ticket_field_id}',
      'GET /api/v2/tickets/{ticket_id}',
      'GET /api/v2/tickets/{ticket_id}/comments',
      'GET /api/v2/tickets/{ticket_id}/tags',
      'GET /api/v2/users/me',
      'GET /api/v2/users/search',
      'GET /api/v2/users/{user_id}',
      'POST /api/v2/tickets',
      'POST /api/v2/users/create_or_update',
      'PUT /api/v2/tickets/{ticket_id}',
      'PUT /api/v2/tickets/{ticket_id}/tags',
    ]);
  });

  describe('by a judge that judges', () => {
    const refused = (request: JudgedRequest) => judge(request).violations.length > 0;
    const sentFor = (operation: string): JudgedRequest => {
      const request = fullest().get(operation);
      if (!request) throw new Error(`${operation} was not sent`);
      return request;
    };
    const ticketIn = (operation: string): [request: JudgedRequest, ticket: object] => {
      const request = sentFor(operation);
      return [request, (request.body as { ticket: object }).ticket];
    };

    it('refuses a parameter that no operation has', () => {
      for (const [operation, request] of fullest()) {
        const query = new URLSearchParams(request.query);
        query.set('colour', 'red');
        expect([operation, refused({ ...request, query })]).toEqual([operation, true]);
      }
    });

    it('refuses a request without a parameter that it must have', () => {
      for (const operation of ['GET /api/v2/search', 'GET /api/v2/search/count', 'GET /api/v2/search/export']) {
        const request = sentFor(operation);
        const query = new URLSearchParams(request.query);
        query.delete('query');
        expect([operation, refused({ ...request, query })]).toEqual([operation, true]);
      }
    });

    it('refuses a parameter of the wrong type, in the path and in the query', () => {
      for (const [operation, request] of fullest()) {
        // A job's id is text, so that no text is of the wrong type.
        if (!operation.includes('{') || operation.includes('{job_status_id}')) continue;
        expect([
          operation,
          refused({ ...request, path: request.path.replace(/\d+/g, (digits) => (digits === '2' ? digits : 'abc')) }),
        ]).toEqual([operation, true]);
      }
      const request = sentFor('GET /api/v2/search/export');
      const query = new URLSearchParams(request.query);
      query.set('page[size]', 'many');
      expect(refused({ ...request, query })).toBe(true);
    });

    it('refuses every single field of a body that has the wrong type, is unknown, or is missing where it must not be', () => {
      let mutations = 0;
      for (const operation of [...fullest().keys()].filter((name) => !name.startsWith('GET '))) {
        for (const request of account.sandbox.requests.filter((one) => judge(one).operation === operation)) {
          for (const [path, mutant] of mutants(request.body)) {
            mutations += 1;
            expect([operation, path, refused({ ...request, body: mutant })]).toEqual([operation, path, true]);
          }
        }
      }
      expect(mutations).toBeGreaterThan(90);
    });

    it('refuses a new ticket that says nothing', () => {
      const [create, ticket] = ticketIn('POST /api/v2/tickets');
      expect(refused({ ...create, body: { ticket: { ...ticket, comment: undefined } } })).toBe(true);
      expect(refused({ ...create, body: {} })).toBe(true);
    });

    it('refuses a value that is none of those that are listed', () => {
      for (const operation of ['POST /api/v2/tickets', 'PUT /api/v2/tickets/{ticket_id}']) {
        const [request, ticket] = ticketIn(operation);
        for (const field of ['priority', 'type', 'status']) {
          expect([operation, field, refused({ ...request, body: { ticket: { ...ticket, [field]: 'purple' } } })]).toEqual([
            operation,
            field,
            true,
          ]);
        }
      }
    });
  });
});

/** The body with one field at a time made an array of arrays, which nothing in it is, or given a key that is not known. */
function* mutants(body: unknown, path: readonly (string | number)[] = []): Generator<[path: string, body: unknown]> {
  const here = path.reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], body);
  if (path.length > 0) yield [path.join('.'), replaced(body, path, [[0]])];
  if (typeof here !== 'object' || here === null) return;
  if (!Array.isArray(here)) yield [[...path, 'colour'].join('.'), replaced(body, [...path, 'colour'], 'red')];
  for (const key of Object.keys(here)) yield* mutants(body, [...path, Array.isArray(here) ? Number(key) : key]);
}

function replaced(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(body);
  const parent = path.slice(0, -1).reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], copy);
  (parent as Record<string | number, unknown>)[path.at(-1) ?? ''] = value;
  return copy;
}
