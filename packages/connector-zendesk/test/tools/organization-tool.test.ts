import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

describe('zendesk_get_organization', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const found = (organizations: object[]) =>
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { organizations }, match: 'GET /api/v2/organizations/search' });

  it('reads an organization by its name, ignoring case, and by its id', async () => {
    const byName = await account.call('zendesk_get_organization', { name: 'example bakery' });
    expect(byName).toEqual({
      id: expect.any(Number),
      url: expect.stringMatching(/^https:\/\/sandbox\.zendesk\.com\/agent\/organizations\/\d+$/),
      name: 'Example Bakery',
      domains: ['example.com'],
      tags: ['food'],
      details: '1 Example Street',
      notes: 'Pays by invoice',
      customFields: [],
      sharedTickets: true,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(await account.call('zendesk_get_organization', { organizationId: byName['id'] })).toEqual(byName);
  });

  it('reports that no organization has the name', async () => {
    expect(await account.failure('zendesk_get_organization', { name: 'Example' })).toMatch(
      /^NOT_FOUND: No Zendesk organization has exactly this name\./,
    );
  });

  it('lists the organizations if several have the name', async () => {
    found([{ id: 1, name: 'A' }, { id: 2 }]);
    expect(await account.failure('zendesk_get_organization', { name: 'A' })).toBe(
      'INVALID_INPUT: Several organizations have this name: 1 (A), 2 (no name). Call again with the organizationId that you mean.',
    );
  });

  it.each([[{}], [{ organizationId: 1, name: 'A' }]])('requires either an id or a name, not %j', async (args) => {
    expect(await account.failure('zendesk_get_organization', args)).toContain('Give either organizationId or name');
  });
});
