import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

describe('zendesk_apply_tags', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const routes = () => account.sandbox.requests.filter(({ path }) => path.startsWith('/api/')).map(({ route }) => route);

  it('adds tags in lower case with one request, and keeps the others', async () => {
    expect(await account.call('zendesk_apply_tags', { ticketId: 1, tags: ['Urgent', 'billing'] })).toEqual({
      ticketId: 1,
      tags: ['billing', 'refund', 'urgent'],
    });
    expect(routes()).toEqual(['PUT /api/v2/tickets/{id}/tags']);
  });

  it('removes tags, then reads the remaining tags, which Zendesk does not return', async () => {
    expect(await account.call('zendesk_apply_tags', { ticketId: 1, tags: ['refund', 'unknown'], action: 'remove' })).toEqual({
      ticketId: 1,
      tags: ['billing'],
    });
    expect(routes()).toEqual(['DELETE /api/v2/tickets/{id}/tags', 'GET /api/v2/tickets/{id}/tags']);
    expect(account.sandbox.requests.find(({ method }) => method === 'DELETE')?.body).toEqual({ tags: ['refund', 'unknown'] });
  });

  it('reads no tags if Zendesk returns the remaining tags', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { tags: ['left'] }, match: 'DELETE /api/v2/tickets/{id}/tags' });
    expect(await account.call('zendesk_apply_tags', { ticketId: 1, tags: ['refund'], action: 'remove' })).toEqual({
      ticketId: 1,
      tags: ['left'],
    });
    expect(routes()).toHaveLength(1);
  });

  it('refuses an empty answer to added tags', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 200, body: '', match: 'PUT /api/v2/tickets/{id}/tags' });
    const failure = await account.failure('zendesk_apply_tags', { ticketId: 1, tags: ['new'] });
    expect(failure).toMatch(/^UPSTREAM_INVALID: .*The write itself was made; do not repeat it\./);
  });

  it('writes nothing to a ticket that has changed since', async () => {
    const old = { ticketId: 1, tags: ['late'], ifUnchangedSince: '2020-01-01T00:00:00Z' };
    for (const action of ['add', 'remove']) expect(await account.failure('zendesk_apply_tags', { ...old, action })).toMatch(/^CONFLICT: /);
    expect(account.sandbox.tickets.get(1)?.tags).toEqual(['billing', 'refund']);
    const now = account.sandbox.tickets.get(1)?.updated_at;
    expect(await account.call('zendesk_apply_tags', { ...old, ifUnchangedSince: now })).toMatchObject({
      tags: ['billing', 'late', 'refund'],
    });
  });

  it.each([[[]], [['two words']], [['']]])('refuses the tags %j before any request', async (tags) => {
    expect(await account.failure('zendesk_apply_tags', { ticketId: 1, tags })).toMatch(/^INVALID_INPUT: /);
    expect(account.sandbox.requests).toEqual([]);
  });

  it('returns at most 500 tags', async () => {
    const tags = Array.from({ length: 600 }, (_, index) => `t${index}`);
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { tags }, match: 'PUT /api/v2/tickets/{id}/tags' });
    expect((await account.call<{ tags: string[] }>('zendesk_apply_tags', { ticketId: 1, tags: ['t1'] })).tags).toHaveLength(500);
  });
});
