import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

describe.each([
  ['sales&marketing@acme.example'],
  ['first/last=x@acme.example'],
  ['ada@xn--80ak6aa92e.xn--p1ai'],
  ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['josé@example.com'],
  ['a..b@docomo.ne.jp'],
])('a user with the address %s', (address, sent = address) => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  it('is created, found and given a ticket', async () => {
    const { id } = await account.call('zendesk_create_or_update_user', { email: address, name: 'Ada' });
    expect(await account.call('zendesk_get_user', { email: address })).toMatchObject({ id, email: sent });
    await account.call('zendesk_create_ticket', { subject: 's', body: 'b', requesterEmail: address });
    expect(account.sandbox.tickets.get(5)?.requester_id).toBe(id);
    expect(await account.failure('zendesk_update_ticket', { ticketId: 5, assigneeEmail: address })).toMatch(/^UPSTREAM_REJECTED: /);
  });
});
