import { afterEach, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

let account: Account;
afterEach(() => account.close());

const mail = { to: ['ada@example.org'], subject: 'S', text: 'T' };

it('stops reading after SendGrid reports that no requests are left, says when to try again, and keeps sending', async () => {
  account = await startAccount({ sandbox: { requestsPerMinute: 2 } });
  for (let count = 0; count < 2; count += 1) await account.call('sendgrid_list_templates', {});
  expect(await account.failure('sendgrid_list_templates', {})).toMatch(
    /^RATE_LIMITED: The vendor accepts no more requests from this connection for now\. .* Try again in (\d|[1-5]\d|60|61) s\.$/,
  );
  for (let count = 0; count < 3; count += 1) await account.call('sendgrid_send_email', mail);
  expect([account.sandbox.requests.length, account.sandbox.mails.length]).toEqual([5, 3]);
});

it('waits until the time that SendGrid names if others have used up the limit', async () => {
  account = await startAccount();
  const headers = {
    'X-Ratelimit-Limit': '600',
    'X-Ratelimit-Remaining': '0',
    'X-Ratelimit-Reset': String(Math.floor(Date.now() / 1_000) + 45),
  };
  account.sandbox.misbehave({ kind: 'status', status: 200, headers, body: { result: [] } });
  await account.call('sendgrid_list_templates', {});
  expect(await account.failure('sendgrid_list_templates', {})).toMatch(/^RATE_LIMITED: .* Try again in 4[345] s\.$/);
  expect(account.sandbox.requests).toHaveLength(1);
});

it('follows the limit that SendGrid reports, even above the minimum', async () => {
  account = await startAccount({ sandbox: { requestsPerMinute: 700 } });
  for (let round = 0; round < 61; round += 1)
    await Promise.all(
      Array.from({ length: 10 }, () => account.call('sendgrid_get_stats', { startDate: '2026-03-01', endDate: '2026-03-01' })),
    );
  expect(account.sandbox.requests).toHaveLength(610);
});

it('stops sending while mail/send is limited, and keeps reading', async () => {
  account = await startAccount();
  account.sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '120' }, match: 'POST /v3/mail/send' });
  expect(await account.failure('sendgrid_send_email', mail)).toMatch(/^RATE_LIMITED: SendGrid’s rate limit is reached\./);
  expect(await account.failure('sendgrid_send_email', mail)).toMatch(/^RATE_LIMITED: /);
  await account.call('sendgrid_list_templates', {});
  expect(account.sandbox.requests.map(({ path }) => path)).toEqual(['/v3/mail/send', '/v3/templates']);
});
