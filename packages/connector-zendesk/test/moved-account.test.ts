import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

const calls = [
  ['zendesk_get_ticket', { ticketId: 1 }],
  ['zendesk_search_tickets', { text: 'a' }],
  ['zendesk_create_ticket', { subject: 'a', body: 'b' }],
  ['zendesk_add_comment', { ticketId: 1, body: 'b' }],
  ['zendesk_update_ticket', { ticketId: 1, priority: 'low' }],
  ['zendesk_apply_tags', { ticketId: 1, tags: ['x'], action: 'remove' }],
  ['zendesk_create_or_update_user', { email: 'a@example.org', name: 'A' }],
] as const;

describe('an account', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount({ legacy: true });
  });
  afterEach(() => account.close());
  const answerAll = (answer: { status: number; headers?: Record<string, string>; body?: unknown }) =>
    account.sandbox.misbehave({ kind: 'status', times: 100, ...answer });

  describe.each([301, 302, 307, 308])('that was renamed, and answers %i,', (status) => {
    it.each(calls)('fails %s, which names the new host and says that nothing was done', async (tool, args) => {
      answerAll({ status, headers: { location: 'https://newname.zendesk.com/api/v2/tickets?secret=1' } });
      expect(await account.failure(tool, args)).toBe(
        'CONNECTION_INVALID: sandbox.zendesk.com did nothing, and points to newname.zendesk.com: the account has moved, or the connection’s ' +
          'settings name the wrong host. Someone must correct the account’s address or region there. Do not call again before that.',
      );
      expect(account.sandbox.requests).toHaveLength(1);
    });
  });

  it.each(calls)('that does not exist fails %s as a fault of the settings', async (tool, args) => {
    const message = 'There is no help desk configured at this address. This means that the address is available.';
    answerAll({ status: 404, body: { error: { title: 'No help desk at sandbox.zendesk.com', message } } });
    const failure = await account.failure(tool, args);
    expect(failure).toMatch(/^CONNECTION_INVALID: Zendesk has no account at the connection’s subdomain, so nothing was done\./);
    expect(failure).not.toMatch(/Check the id|search_tickets/);
  });

  it('that does not exist fails the check of its connection', async () => {
    answerAll({ status: 404, body: { error: { title: 'No help desk at sandbox.zendesk.com', message: '' } } });
    await expect(account.host.check(account.connection)).rejects.toMatchObject({ code: 'CONNECTION_INVALID' });
  });
});

describe('the token endpoint of an account', () => {
  it.each([
    ['was renamed', { status: 301, headers: { location: 'https://newname.zendesk.com/oauth/tokens' } }, 'points to newname.zendesk.com'],
    ['does not exist', { status: 404, body: { error: { title: 'No help desk at sandbox.zendesk.com' } } }, 'has no token endpoint'],
  ])('that %s is a fault of the settings', async (_, answer, reason) => {
    const account = await startAccount();
    account.sandbox.misbehave({ kind: 'status', times: 10, match: 'POST /oauth/tokens', ...answer });
    const failure = await account.failure('zendesk_add_comment', { ticketId: 1, body: 'b' });
    expect(failure).toMatch(/^CONNECTION_INVALID: /);
    expect(failure).toContain(reason);
    await account.close();
  });
});
