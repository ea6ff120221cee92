import { answerText } from '@busbar/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from '../src/schemas.ts';
import { startAccount, type Account } from './start-account.ts';
import { readRecordings, recordingNames, vendorDataIsHere, type Recording } from '../../../test/vendor-descriptions/vendor-data.ts';

type Json = Record<string, unknown>;

describe.skipIf(!vendorDataIsHere)('answers that a real account gave', () => {
  let recordings: ReadonlyMap<string, Recording>;
  let account: Account;

  beforeAll(async () => {
    recordings = readRecordings('zendesk');
    account = await startAccount();
  });
  afterAll(() => account.close());

  const recorded = (name: string) => {
    const recording = recordings.get(name);
    if (!recording) throw new Error(`There is no recording ${name}`);
    return recording.response;
  };
  const bodyOf = (name: string) => recorded(name).body as Json;

  /** Makes the sandbox answer with a recording. */
  const replay = (match: string, { status, headers, body }: Recording['response']) =>
    account.sandbox.misbehave({ kind: 'status', match, status, headers, body });
  async function get(path: string): Promise<{ headers: Headers; body: Json }> {
    const authorization = `Basic ${btoa('agent@example.com/token:api-token')}`;
    const response = await fetch(account.sandbox.url + path, { headers: { authorization } });
    return { headers: response.headers, body: (await response.json()) as Json };
  }

  /** Each recording with a test of the tools that can receive it: they return output that fits their schema, or the documented error. */
  const readings: Readonly<Record<string, (answer: Recording['response']) => Promise<void>>> = {
    async 'user-get-200'(answer) {
      replay('GET /api/v2/users/{id}', answer);
      expect(await account.call('zendesk_get_user', { userId: 6130907993114 })).toMatchObject({
        id: 6130907993114,
        name: '09cace',
        role: 'admin',
      });
      replay('GET /api/v2/users/me', answer);
      expect((await account.host.check(account.connection)).account).toBe('person545@example.com (admin) at sandbox.zendesk.com');
    },

    async 'user-create-201'(answer) {
      replay('POST /api/v2/users/create_or_update', answer);
      const { id } = (answer.body as { user: Json }).user;
      expect(await account.call('zendesk_create_or_update_user', { email: 'a@example.com' })).toMatchObject({ id, role: 'end-user' });
    },

    async 'users-show-many-200'(answer) {
      const { users } = answer.body as { users: Json[] };
      expect(users.length).toBeGreaterThan(0);
      for (const user of users) {
        replay('GET /api/v2/users/search', { ...answer, body: { users: [user] } });
        expect(await account.call('zendesk_get_user', { email: 'somebody@example.com' })).toMatchObject({ id: user['id'] });
      }
      replay('GET /api/v2/users/search', answer);
      const all = account.failure('zendesk_get_user', { email: 'somebody@example.com' });
      if (users.length > 1) expect(await all).toMatch(/^INVALID_INPUT: Several users fit this address/);
    },

    async 'view-tickets-200'(answer) {
      const { tickets } = answer.body as { tickets: Json[] };
      replay('GET /api/v2/search', { ...answer, body: { results: tickets, next_page: null, count: tickets.length } });
      const output = await account.call<{ tickets: Json[] }>('zendesk_search_tickets', { text: 'test', detail: 'full', limit: 25 });
      expect(output.tickets.map(({ id, subject }) => [id, subject])).toEqual(tickets.slice(0, 25).map(({ id }) => [id, 'test']));
      const [ticket] = tickets;
      replay('GET /api/v2/tickets/{id}', { ...answer, body: { ticket } });
      expect(await account.call('zendesk_get_ticket', { ticketId: 4029 })).toEqual({
        ticket: {
          id: 4029,
          url: 'https://sandbox.zendesk.com/agent/tickets/4029',
          subject: 'test',
          description: 'test',
          status: 'new',
          requester: { id: 6130907993114 },
          organizationId: 6130869157658,
          brandId: 6130830354842,
          formId: 6130830344474,
          customStatusId: 6130830355738,
          submitterId: 6130907993114,
          channel: 'api',
          tags: [],
          customFields: [],
          createdAt: '2023-09-18T23:37:42Z',
          updatedAt: '2023-09-18T23:37:42Z',
        },
      });
    },

    async 'job-status-queued'(answer) {
      replay('GET /api/v2/job_statuses/{id}', answer);
      const output = { id: 'V3-ffeda191e5930dbdd60038ab658da2bf', status: 'queued', total: 100, succeeded: [], failed: 0, failures: [] };
      expect(await account.call('zendesk_get_job_status', { jobId: output.id })).toEqual(output);
    },

    async 'job-status-working'(answer) {
      replay('GET /api/v2/job_statuses/{id}', answer);
      expect(await account.call('zendesk_get_job_status', { jobId: 'V3-6032b8b01e53ef8fc637cb4881cacd82' })).toEqual({
        id: 'V3-6032b8b01e53ef8fc637cb4881cacd82',
        status: 'working',
        total: 100,
        progress: 31,
        message: 'Creating organization #31',
        succeeded: [],
        failed: 0,
        failures: [],
      });
    },

    async 'organization-create-201'(answer) {
      replay('GET /api/v2/organizations/{id}', { ...answer, status: 200 });
      expect(await account.call('zendesk_get_organization', { organizationId: 6164125400602 })).toEqual({
        id: 6164125400602,
        url: 'https://sandbox.zendesk.com/agent/organizations/6164125400602',
        name: 'testOrganizationNone',
        domains: [],
        tags: [],
        customFields: [],
        sharedTickets: false,
        createdAt: '2023-09-18T23:37:07Z',
        updatedAt: '2023-09-18T23:37:07Z',
      });
    },

    async 'ticket-create-422-suspended'(answer) {
      replay('POST /api/v2/tickets', answer);
      expect(await account.failure('zendesk_create_ticket', { subject: 'A', body: 'B' })).toBe(
        'UPSTREAM_REJECTED: Zendesk rejected the request, so nothing was written. Zendesk says: requester: Requester: Unknown username is suspended. Correct the arguments that it names and call again.',
      );
    },

    async 'ticket-delete-404'(answer) {
      for (const [route, tool, input] of [
        ['GET /api/v2/tickets/{id}', 'zendesk_get_ticket', { ticketId: 1 }],
        ['PUT /api/v2/tickets/{id}', 'zendesk_add_comment', { ticketId: 1, body: 'B' }],
        ['DELETE /api/v2/tickets/{id}/tags', 'zendesk_apply_tags', { ticketId: 1, tags: ['t'], action: 'remove' }],
      ] as const) {
        replay(route, answer);
        expect(await account.failure(tool, input)).toMatch(/^NOT_FOUND: .* Zendesk says: Not found\./);
      }
    },

    async 'user-update-404'(answer) {
      replay('GET /api/v2/users/{id}', answer);
      expect(await account.failure('zendesk_get_user', { userId: 1 })).toMatch(/^NOT_FOUND: .* Zendesk says: Not found\./);
      replay('POST /api/v2/users/create_or_update', answer);
      expect(await account.failure('zendesk_create_or_update_user', { email: 'a@example.com' })).toMatch(/^NOT_FOUND: /);
    },

    // No tool deletes a ticket, but a removal of tags gets the same 204 and the same warning.
    async 'ticket-delete-204'(answer) {
      replay('DELETE /api/v2/tickets/{id}/tags', answer);
      const given = await account.answer('zendesk_apply_tags', { ticketId: 1, tags: ['none'], action: 'remove' });
      expect(given.isError).not.toBe(true);
      expect(answerText(given)).toContain('Zendesk ignored these fields: ticket.id, ticket.');
    },
  };

  it.each(Object.entries(readings))('the tools handle %s: as output or as the documented error', async (name, read) => {
    expect.hasAssertions();
    await read(recorded(name));
  });

  it('are all covered, here or in the webhook’s tests', () => {
    // webhook.test.ts covers the recording of a signature.
    expect([...Object.keys(readings), 'webhook-signature-legacy-vector'].toSorted()).toEqual(recordingNames('zendesk'));
  });

  describe('are like the sandbox’s', () => {
    it('in the fields of a user and their types', async () => {
      const { body } = await get('/api/v2/users/me');
      expect(unlike(bodyOf('user-get-200')['user'], body['user'])).toEqual([]);
      expect(
        unlike(
          bodyOf('user-create-201')['user'],
          [...account.sandbox.users.values()].find(({ email }) => email === 'grace@example.org'),
        ),
      ).toEqual([]);
      expect(User.safeParse(body['user']).success).toBe(true);
    });

    it('in the fields of a ticket and their types', async () => {
      const [ticket] = bodyOf('view-tickets-200')['tickets'] as Json[];
      const { body } = await get('/api/v2/tickets/3');
      expect(unlike(ticket, body['ticket'])).toEqual([]);
    });

    it('in the fields of an organization and their types', async () => {
      const { body } = await get('/api/v2/organizations/search?name=Example Bakery');
      const [organization] = body['organizations'] as Json[];
      expect(unlike(bodyOf('organization-create-201')['organization'], organization)).toEqual([]);
    });

    it('in the fields of a job and their types', async () => {
      const { body } = await get('/api/v2/job_statuses/V3-00000000000000000000000000000001');
      expect(unlike(bodyOf('job-status-working')['job_status'], body['job_status'])).toEqual([]);
    });

    it('in their paging', async () => {
      const { body } = await get('/api/v2/tickets/1/comments?page[size]=1');
      for (const part of ['meta', 'links']) expect(unlike(bodyOf('view-tickets-200')[part], body[part])).toEqual([]);
    });

    it('in their refusals', async () => {
      expect((await get('/api/v2/tickets/99')).body).toEqual(bodyOf('ticket-delete-404'));
      const refused = await account.failure('zendesk_create_ticket', { subject: 'A', body: 'B', requesterEmail: 'mallory@example.net' });
      expect(refused).toContain('requester: Requester: Mallory Held is suspended.');
    });

    it('in their headers', async () => {
      const { headers } = await get('/api/v2/tickets/1');
      // Headers with the duration or the release differ in every answer.
      const names = Object.keys(recorded('user-get-200').headers).filter(
        (name) => !['x-runtime', 'x-zendesk-application-version'].includes(name),
      );
      expect(names.filter((name) => !headers.has(name))).toEqual([]);
      expect(headers.get('content-type')).toBe(recorded('user-get-200').headers['content-type']);
    });
  });
});

/** Lists the fields that only one of the two values has, and the fields whose types differ. */
function unlike(real: unknown, ours: unknown, path = ''): string[] {
  if (real === null || ours === null) return [];
  const kind = (value: unknown) => (Array.isArray(value) ? 'array' : typeof value);
  if (kind(real) !== kind(ours)) return [`${path} is ${kind(ours)}, not ${kind(real)}`];
  if (kind(real) === 'array') {
    const [[first], [second]] = [real as unknown[], ours as unknown[]];
    return first === undefined || second === undefined ? [] : unlike(first, second, `${path}[]`);
  }
  if (kind(real) !== 'object') return [];
  const [a, b] = [real as Json, ours as Json];
  return [
    ...Object.keys(a).flatMap((key) => (key in b ? unlike(a[key], b[key], `${path}.${key}`) : [`${path}.${key} is missing`])),
    ...Object.keys(b)
      .filter((key) => !(key in a))
      .map((key) => `${path}.${key} is made up`),
  ];
}
