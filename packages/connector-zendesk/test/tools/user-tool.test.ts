import { answerText } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

describe('zendesk_get_user', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const foundUsers = (users: object[]) =>
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { users }, match: 'GET /api/v2/users/search' });

  it('reads a user by e-mail address, ignoring case', async () => {
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

  it('prefers the user whose main address matches', async () => {
    foundUsers([
      { id: 1, email: 'xada@example.com' },
      { id: 2, email: 'Ada@Example.com', name: 'Ada' },
    ]);
    expect(await account.call('zendesk_get_user', { email: 'ada@example.com' })).toMatchObject({ id: 2 });
  });

  it('warns if the address is not the user’s main one', async () => {
    foundUsers([{ id: 1, email: 'ada@example.com', name: 'Ada' }]);
    const answer = await account.answer('zendesk_get_user', { email: 'countess@example.com' });
    expect(answer.structuredContent).toMatchObject({ id: 1 });
    expect(answerText(answer)).toContain('Warning: countess@example.com is not the main address of this user');
  });

  it('lists the users if several match', async () => {
    foundUsers([
      { id: 1, email: 'a@example.com', name: 'A' },
      { id: 2, email: 'b@example.com' },
    ]);
    expect(await account.failure('zendesk_get_user', { email: 'shared@example.com' })).toBe(
      'INVALID_INPUT: Several users fit this address: 1 (A), 2 (no name). Call again with the userId that you mean.',
    );
  });

  it('reports that no user has the address', async () => {
    expect(await account.failure('zendesk_get_user', { email: 'unknown@example.com' })).toMatch(
      /^NOT_FOUND: No Zendesk user has this e-mail address\./,
    );
  });

  it.each([[{}], [{ userId: 1, email: 'a@example.com' }]])('requires either an id or an address, not %j', async (args) => {
    expect(await account.failure('zendesk_get_user', args)).toContain('Give either userId or email');
  });
});

describe('zendesk_create_or_update_user', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const lastBody = () => (account.sandbox.requests.at(-1)?.body as { user: object } | undefined)?.user;
  const named = (name: string) => [...account.sandbox.users.values()].find((user) => user.name === name);

  it('creates an end user without sending an e-mail', async () => {
    const [organization] = [...account.sandbox.users.values()].flatMap(({ organization_id }) => organization_id ?? []);
    const user = {
      email: 'new@example.com',
      name: 'New',
      externalId: 'crm-1',
      phone: '+1 555',
      organizationId: organization,
      details: 'Office 3',
      notes: 'Likes tea',
      tags: ['VIP'],
    };
    expect(await account.call('zendesk_create_or_update_user', user)).toMatchObject({
      ...user,
      tags: ['vip'],
      role: 'end-user',
      url: expect.stringContaining('/agent/users/'),
    });
    expect(lastBody()).toEqual({
      email: 'new@example.com',
      name: 'New',
      external_id: 'crm-1',
      phone: '+1 555',
      organization_id: organization,
      details: 'Office 3',
      notes: 'Likes tea',
      tags: ['vip'],
      skip_verify_email: true,
    });
  });

  it('refuses sendVerification without an address to verify', async () => {
    expect(await account.failure('zendesk_create_or_update_user', { externalId: 'x', name: 'New', sendVerification: true })).toMatch(
      /^INVALID_INPUT: [^]*sendVerification: needs email/,
    );
  });

  it('has Zendesk verify the address if sendVerification is true', async () => {
    await account.call('zendesk_create_or_update_user', { email: 'new@example.com', name: 'New', sendVerification: true });
    expect(lastBody()).toEqual({ email: 'new@example.com', name: 'New' });
  });

  it('changes only the given fields of an existing user', async () => {
    const before = account.sandbox.users.size;
    expect(await account.call('zendesk_create_or_update_user', { email: 'ADA@example.com', notes: 'Call first' })).toMatchObject({
      name: 'Ada Example',
      email: 'ada@example.com',
      notes: 'Call first',
      details: 'Head baker, Example Bakery',
      tags: ['vip'],
    });
    expect(account.sandbox.users.size).toBe(before);
  });

  it('finds a user by its id in another system', async () => {
    const { id } = await account.call('zendesk_create_or_update_user', { email: 'new@example.com', name: 'New', externalId: 'crm-1' });
    expect(await account.call('zendesk_create_or_update_user', { externalId: 'CRM-1', name: 'Newer' })).toMatchObject({
      id,
      name: 'Newer',
    });
  });

  it('never changes a role', async () => {
    const failure = await account.failure('zendesk_create_or_update_user', { email: 'grace@example.org', role: 'admin' });
    expect(failure).toMatch(/^INVALID_INPUT: /);
    expect(account.sandbox.requests).toEqual([]);
    expect(named('Grace Sample')?.role).toBe('end-user');
  });

  it('requires an e-mail address or an external id', async () => {
    expect(await account.failure('zendesk_create_or_update_user', { name: 'No Address' })).toContain('Give email or externalId');
  });

  it('says why Zendesk refuses a new user without a name', async () => {
    expect(await account.failure('zendesk_create_or_update_user', { email: 'new@example.com' })).toMatch(
      /^UPSTREAM_REJECTED: .*name: Name: is too short/,
    );
  });
});
