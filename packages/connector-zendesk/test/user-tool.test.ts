import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, textOf, type Account } from './start-account.ts';

describe('zendesk_get_user', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const foundUsers = (users: object[]) =>
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { users }, match: 'GET /api/v2/users/search' });

  it('reads a user by e-mail address, whatever its case', async () => {
    expect(await account.call('zendesk_get_user', { email: 'ADA@example.com' })).toMatchObject({
      name: 'Ada Example',
      email: 'ada@example.com',
      role: 'end-user',
      tags: ['vip'],
      details: 'Head baker, Example Bakery',
      suspended: false,
      url: expect.stringMatching(/^https:\/\/sandbox\.zendesk\.com\/agent\/users\/\d+$/),
    });
    expect(account.sandbox.requests.at(-1)?.query.get('query')).toBe('email:"ADA@example.com"');
  });

  it('reads a user by id', async () => {
    const { id } = await account.call('zendesk_get_user', { email: 'grace@example.org' });
    expect(await account.call('zendesk_get_user', { userId: id })).toMatchObject({ id, name: 'Grace Sample' });
  });

  it('picks the user whose own address it is among similar ones', async () => {
    foundUsers([
      { id: 1, email: 'xada@example.com' },
      { id: 2, email: 'Ada@Example.com', name: 'Ada' },
    ]);
    expect(await account.call('zendesk_get_user', { email: 'ada@example.com' })).toMatchObject({ id: 2 });
  });

  it('warns where the address is not the user’s main one', async () => {
    foundUsers([{ id: 1, email: 'ada@example.com', name: 'Ada' }]);
    const answer = await account.answer('zendesk_get_user', { email: 'countess@example.com' });
    expect(answer.structuredContent).toMatchObject({ id: 1 });
    expect(textOf(answer)).toContain('Warning: countess@example.com is not the main address of this user');
  });

  it('has the model choose where several users fit', async () => {
    foundUsers([
      { id: 1, email: 'a@example.com', name: 'A' },
      { id: 2, email: 'b@example.com' },
    ]);
    expect(await account.failure('zendesk_get_user', { email: 'shared@example.com' })).toBe(
      'INVALID_INPUT: Several users fit this address: 1 (A), 2 (no name). Call again with the userId that you mean.',
    );
  });

  it('says that nobody has the address', async () => {
    expect(await account.failure('zendesk_get_user', { email: 'nobody@example.com' })).toMatch(
      /^NOT_FOUND: No Zendesk user has this e-mail address\./,
    );
  });

  it.each([[{}], [{ userId: 1, email: 'a@example.com' }]])('wants one of id and address, not %j', async (args) => {
    expect(await account.failure('zendesk_get_user', args)).toContain('Give userId or email, one of the two');
  });
});
