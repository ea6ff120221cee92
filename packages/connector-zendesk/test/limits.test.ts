import { afterEach, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

let account: Account;
afterEach(() => account.close());

const sent = () => account.sandbox.requests.filter(({ path }) => path.startsWith('/api/')).length;

it('sends nothing after Zendesk reports that no requests are left, and says when to try again', async () => {
  account = await startAccount({ sandbox: { requestsPerMinute: 2 } });
  for (const ticketId of [1, 2]) await account.call('zendesk_get_ticket', { ticketId });
  expect(await account.failure('zendesk_get_ticket', { ticketId: 3 })).toMatch(
    /^RATE_LIMITED: The vendor accepts no more requests from this connection for now\. .* Try again in (5\d|60) s\.$/,
  );
  expect(sent()).toBe(2);
});

it('follows the limit that Zendesk reports, even above the smallest plan’s limit', async () => {
  account = await startAccount({ sandbox: { requestsPerMinute: 700 } });
  for (let round = 0; round < 21; round += 1)
    await Promise.all(Array.from({ length: 10 }, () => account.call('zendesk_get_ticket', { ticketId: 1 })));
  expect(sent()).toBe(210);
});

it('keeps updating other tickets when one ticket has reached its limit', async () => {
  account = await startAccount();
  for (let count = 0; count < 30; count += 1) await account.call('zendesk_update_ticket', { ticketId: 1, status: 'open' });
  expect(await account.failure('zendesk_update_ticket', { ticketId: 1, status: 'open' })).toMatch(/^RATE_LIMITED: .*(600|59\d) s/);
  await account.call('zendesk_update_ticket', { ticketId: 3, status: 'open' });
});

it('keeps updating other users when one user has reached the limit', async () => {
  account = await startAccount();
  const write = { email: 'ada@example.com', notes: 'Called' };
  for (let count = 0; count < 5; count += 1) await account.call('zendesk_create_or_update_user', write);
  expect(await account.failure('zendesk_create_or_update_user', write)).toMatch(/^RATE_LIMITED: .* (5\d|60) s/);
  await account.call('zendesk_create_or_update_user', { ...write, email: 'grace@example.org' });
});
