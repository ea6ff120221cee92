import { afterEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

describe('the check of a connection', () => {
  let account: Account;
  afterEach(() => account.close());

  const check = () => account.host.check(account.connection);

  it('names the account of an OAuth client', async () => {
    account = await startAccount();
    expect(await check()).toEqual({ account: 'agent@example.com (admin) at sandbox.zendesk.com' });
  });

  it('names the account of an API token', async () => {
    account = await startAccount({ legacy: true });
    expect(await check()).toEqual({ account: 'agent@example.com (admin) at sandbox.zendesk.com' });
  });

  it('refuses the anonymous user with which Zendesk answers a wrong API token', async () => {
    account = await startAccount({ legacy: true, config: { apiToken: 'wrong' } });
    await expect(check()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('anonymous user') });
  });

  it.each([
    [{ user: { name: 'Anonymous user' } }],
    [{ user: { id: null, name: 'Anonymous user', role: 'end-user' } }],
    [{ user: { id: 0, name: 'Anonymous user' } }],
  ])('recognizes the anonymous user in %j', async (body) => {
    account = await startAccount({ legacy: true });
    account.sandbox.misbehave({ kind: 'status', status: 200, body });
    await expect(check()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('refuses an end user', async () => {
    account = await startAccount({ legacy: true });
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { user: { id: 1, name: 'Ada', role: 'end-user' } } });
    await expect(check()).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('end user') });
  });

  it('reports an OAuth client that Zendesk refuses', async () => {
    account = await startAccount({ config: { clientSecret: 'wrong' } });
    await expect(check()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('OAuth client') });
  });
});
