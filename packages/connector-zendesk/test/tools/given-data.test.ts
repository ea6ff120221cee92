import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

describe('what Zendesk gives as data', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());
  const answerWith = (match: string, body: object) => account.sandbox.misbehave({ kind: 'status', status: 200, body, match });

  it('reaches the caller for a ticket: what it refers to, where it came from and how it was rated', async () => {
    const ticket = {
      id: 5,
      ticket_form_id: 1,
      brand_id: 2,
      custom_status_id: 3,
      problem_id: 4,
      submitter_id: 6,
      email_cc_ids: [7, 8],
      follower_ids: [9],
      followup_ids: [10],
      via: { channel: 'email', source: { from: { address: 'a@example.org' } } },
      satisfaction_rating: { score: 'bad', comment: 'Too slow' },
    };
    answerWith('GET /api/v2/tickets/{id}', { ticket });
    expect(await account.call('zendesk_get_ticket', { ticketId: 5 })).toEqual({
      ticket: {
        id: 5,
        url: 'https://sandbox.zendesk.com/agent/tickets/5',
        tags: [],
        formId: 1,
        brandId: 2,
        customStatusId: 3,
        problemId: 4,
        submitterId: 6,
        ccIds: [7, 8],
        followerIds: [9],
        followupIds: [10],
        channel: 'email',
        satisfaction: 'bad: Too slow',
        customFields: [],
      },
    });
  });

  it.each([
    ['offered', 'offered'],
    [{ score: 'good' }, 'good'],
    [null, undefined],
    [{}, undefined],
    [7, undefined],
  ])('reaches the caller for a rating of %j', async (satisfaction_rating, satisfaction) => {
    answerWith('GET /api/v2/tickets/{id}', { ticket: { id: 5, satisfaction_rating } });
    const { ticket } = await account.call<{ ticket: { satisfaction?: string } }>('zendesk_get_ticket', { ticketId: 5 });
    expect(ticket.satisfaction).toBe(satisfaction);
  });

  it('reaches the caller for a user and an organization: the fields that the account has defined', async () => {
    const fields = { plan: 'gold', seats: 7, active_since: null, regions: ['eu', 'us'], vip: false, note: '' };
    const customFields = [
      { key: 'plan', value: 'gold' },
      { key: 'seats', value: '7' },
      { key: 'regions', value: 'eu, us' },
      { key: 'vip', value: 'false' },
    ];
    answerWith('GET /api/v2/users/{id}', { user: { id: 7, user_fields: fields, default_group_id: 3, active: false } });
    expect(await account.call('zendesk_get_user', { userId: 7 })).toMatchObject({ customFields, groupId: 3, active: false });
    answerWith('GET /api/v2/organizations/{id}', { organization: { id: 7, organization_fields: fields } });
    expect(await account.call('zendesk_get_organization', { organizationId: 7 })).toMatchObject({ customFields });
  });

  it('reaches the caller for a job: its kind, and the ids of the records that it has written', async () => {
    const results = [
      { index: 0, id: 41, action: 'create', success: true },
      { index: 1, error: 'TicketCreateError', details: 'Subject: is too short' },
    ];
    answerWith('GET /api/v2/job_statuses/{id}', { job_status: { id: 'J', job_type: 'Bulk Create Ticket', results } });
    expect(await account.call('zendesk_get_job_status', { jobId: 'J' })).toEqual({
      id: 'J',
      type: 'Bulk Create Ticket',
      succeeded: [{ index: 0, id: '41', action: 'create' }],
      failed: 1,
      failures: [{ index: 1, reason: 'TicketCreateError: Subject: is too short' }],
    });
  });

  it('is accepted back in the form in which it was given, and in any other zone', async () => {
    const updatedAt = account.sandbox.tickets.get(3)?.updated_at ?? '';
    const other = new Date(Date.parse(updatedAt) + 7_200_000).toISOString().replace(/\.\d+Z$/, '+02:00');
    await account.call('zendesk_apply_tags', { ticketId: 3, tags: ['a'], ifUnchangedSince: other });
    expect(account.sandbox.requests.at(-1)?.body).toMatchObject({ updated_stamp: updatedAt });
    const broken = { ticketId: 3, tags: ['a'], ifUnchangedSince: `${updatedAt}\nx` };
    expect(await account.failure('zendesk_apply_tags', broken)).toMatch(/^INVALID_INPUT: /);
  });
});
