import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

describe('zendesk_get_job_status', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const job = (fields: object) => {
    const body = { job_status: { id: 'J', status: 'completed', ...fields } };
    account.sandbox.misbehave({ kind: 'status', status: 200, body, match: 'GET /api/v2/job_statuses/{id}' });
    return account.call<{ failed: number; failures: object[] }>('zendesk_get_job_status', { jobId: 'J' });
  };

  it('names the failed records of a completed job', async () => {
    expect(await account.call('zendesk_get_job_status', { jobId: 'V3-00000000000000000000000000000001' })).toEqual({
      id: 'V3-00000000000000000000000000000001',
      status: 'completed',
      total: 2,
      progress: 2,
      message: 'Completed',
      succeeded: [{ index: 0, id: '1', action: 'update' }],
      failed: 1,
      failures: [{ index: 1, id: '99', reason: 'TicketNotFound: Ticket 99 does not exist' }],
    });
  });

  it.each([
    ['no result yet', null, 0],
    ['one record in place of a list', { success: true }, 0],
    ['one record that failed', { success: false }, 1],
    ['new records', [{ id: 1, index: 0 }], 0],
    ['a new record that was refused', [{ index: 0, error: 'TicketCreateError', details: 'Subject: is too short' }], 1],
    ['refusals in a list of texts', ['something'], 0],
  ])('reads %s', async (_, results, failed) => {
    expect(await job({ results })).toMatchObject({ failed });
  });

  it('lists the first 100 failures and counts all of them', async () => {
    const results = Array.from({ length: 150 }, (_, index) => ({ index, success: false, error: 'x'.repeat(1_000) }));
    const { failed, failures } = await job({ results });
    expect([failed, failures.length]).toEqual([150, 100]);
    expect(failures[0]).toEqual({ index: 0, reason: `${'x'.repeat(500)}… [500 more characters]` });
  });

  it('reads the first 1,000 results, which is more than a job has', async () => {
    expect(await job({ results: Array.from({ length: 3_000 }, () => ({ success: false })) })).toMatchObject({ failed: 1_000 });
  });

  it('reports an unknown job', async () => {
    expect(await account.failure('zendesk_get_job_status', { jobId: 'V3-unknown' })).toMatch(/^NOT_FOUND: /);
    expect(account.sandbox.requests.at(-1)?.path).toBe('/api/v2/job_statuses/V3-unknown');
  });

  it('refuses an id that looks like a path, and sends nothing', async () => {
    expect(await account.failure('zendesk_get_job_status', { jobId: 'V3-x/../..' })).toMatch(/^INVALID_INPUT: /);
    expect(account.sandbox.requests).toEqual([]);
  });
});
