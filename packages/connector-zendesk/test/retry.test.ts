import { openSandbox } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zendesk } from '../src/index.ts';
import { startAccount, type Account } from './start-account.ts';

const createRoute = 'POST /api/v2/tickets';
const updateRoute = 'PUT /api/v2/tickets/{id}';
const readRoute = 'GET /api/v2/tickets/{id}';
const tokenRoute = 'POST /oauth/tokens';
const addTagsRoute = 'PUT /api/v2/tickets/{id}/tags';
const removeTagsRoute = 'DELETE /api/v2/tickets/{id}/tags';
const userRoute = 'POST /api/v2/users/create_or_update';

describe('the Zendesk tools', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const sent = (route: string) => account.sandbox.requests.filter((request) => request.route === route);
  const keysOf = (route: string) => sent(route).map(({ headers }) => headers['idempotency-key']);
  const ticket = { subject: 'Once', body: 'and only once' };

  it.each([['lose'], ['truncate'], ['reset']] as const)(
    'repeat a ticket creation whose answer is hit by "%s" with the same key, and make one ticket',
    async (kind) => {
      account.sandbox.misbehave({ kind, match: createRoute });
      expect(await account.call('zendesk_create_ticket', ticket)).toMatchObject({ id: 5, subject: 'Once' });
      const [first, second, ...others] = keysOf(createRoute);
      expect(first).toMatch(/^[a-z0-9-]{1,36}$/);
      expect([second, others]).toEqual([first, []]);
      expect(account.sandbox.tickets.size).toBe(5);
    },
  );

  it('repeat a ticket creation that is answered 503, with the same key', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 503, match: createRoute, times: 2 });
    await account.call('zendesk_create_ticket', ticket);
    expect(new Set(keysOf(createRoute)).size).toBe(1);
    expect([sent(createRoute).length, account.sandbox.tickets.size]).toEqual([3, 5]);
  });

  it('send a ticket creation once if the client repeats its own idempotency key', async () => {
    const first = await account.answer('zendesk_create_ticket', ticket, { idempotencyKey: 'mine' });
    const second = await account.answer('zendesk_create_ticket', ticket, { idempotencyKey: 'mine' });
    expect(second.structuredContent).toEqual(first.structuredContent);
    expect([sent(createRoute).length, account.sandbox.tickets.size]).toEqual([1, 5]);
  });

  it('send the same key if the client repeats a ticket creation at a server that does not know the first call', async () => {
    const first = await account.call('zendesk_create_ticket', ticket, { idempotencyKey: 'mine' });
    const later = await openSandbox(zendesk, account.sandbox);
    expect(await later.call('zendesk_create_ticket', ticket, { idempotencyKey: 'mine' })).toEqual(first);
    await later.host.close();
    expect([sent(createRoute).length, new Set(keysOf(createRoute)).size, account.sandbox.tickets.size]).toEqual([2, 1, 5]);
  });

  it('send two keys for two calls that create a ticket', async () => {
    await account.call('zendesk_create_ticket', ticket);
    await account.call('zendesk_create_ticket', ticket);
    expect(new Set(keysOf(createRoute)).size).toBe(2);
    expect(account.sandbox.tickets.size).toBe(6);
  });

  it('report an unknown outcome if every answer to a ticket creation is lost, and say how to check', async () => {
    account.sandbox.misbehave({ kind: 'lose', match: createRoute, times: 10 });
    const failure = await account.failure('zendesk_create_ticket', ticket);
    expect(failure).toMatch(/^OUTCOME_UNKNOWN: POST \/api\/v2\/tickets may or may not have happened\./);
    expect(failure).toContain('Look for its subject with zendesk_search_tickets');
    expect([new Set(keysOf(createRoute)).size, account.sandbox.tickets.size]).toEqual([1, 5]);
  });

  it.each([['lose'], ['truncate']] as const)('send a comment whose answer is hit by "%s" once, and say how to check', async (kind) => {
    account.sandbox.misbehave({ kind, match: updateRoute });
    const failure = await account.failure('zendesk_add_comment', { ticketId: 3, body: 'Hello' });
    expect(failure).toMatch(/^OUTCOME_UNKNOWN: PUT \/api\/v2\/tickets\/\{id\} may or may not have happened\./);
    expect(failure).toContain(
      'Read ticket 3 with zendesk_get_ticket (includeComments true) and add the comment again only if it is not the newest there.',
    );
    expect(sent(updateRoute)).toHaveLength(1);
    expect(account.sandbox.comments(3)).toHaveLength(2);
  });

  it('do not repeat a comment that is answered 503, because Zendesk may have added it', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 503, match: updateRoute });
    expect(await account.failure('zendesk_add_comment', { ticketId: 3, body: 'Hello' })).toMatch(/^OUTCOME_UNKNOWN: /);
    expect(sent(updateRoute)).toHaveLength(1);
  });

  it('repeat a comment that is answered 429, because Zendesk did not add it', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '0' }, match: updateRoute });
    await account.call('zendesk_add_comment', { ticketId: 3, body: 'Hello' });
    expect([sent(updateRoute).length, account.sandbox.comments(3).length]).toEqual([2, 2]);
  });

  it('do not repeat an update whose answer is lost, and say how to check', async () => {
    account.sandbox.misbehave({ kind: 'lose', match: updateRoute });
    const failure = await account.failure('zendesk_update_ticket', { ticketId: 3, status: 'solved' });
    expect(failure).toMatch(/^OUTCOME_UNKNOWN: /);
    expect(failure).toContain('Read ticket 3 with zendesk_get_ticket and update it again only if it is not yet as you want it.');
    expect(sent(updateRoute)).toHaveLength(1);
    expect(account.sandbox.tickets.get(3)?.status).toBe('solved');
  });

  it.each([['lose'], ['truncate'], ['reset']] as const)(
    'repeat a change of tags whose answer is hit by "%s", with the same tags as the result',
    async (kind) => {
      account.sandbox.misbehave({ kind, match: addTagsRoute });
      expect(await account.call('zendesk_apply_tags', { ticketId: 3, tags: ['red'] })).toEqual({
        ticketId: 3,
        tags: ['hardware', 'printer', 'red'],
      });
      account.sandbox.misbehave({ kind, match: removeTagsRoute });
      const removed = await account.call('zendesk_apply_tags', { ticketId: 3, tags: ['red'], action: 'remove' });
      expect(removed).toEqual({ ticketId: 3, tags: ['hardware', 'printer'] });
      expect([sent(addTagsRoute).length, sent(removeTagsRoute).length]).toEqual([2, 2]);
    },
  );

  it('do not repeat a change of tags with ifUnchangedSince whose answer is lost, and say how to check', async () => {
    account.sandbox.misbehave({ kind: 'lose', match: addTagsRoute });
    const ifUnchangedSince = account.sandbox.tickets.get(3)?.updated_at;
    const failure = await account.failure('zendesk_apply_tags', { ticketId: 3, tags: ['red'], ifUnchangedSince });
    expect(failure).toMatch(/^OUTCOME_UNKNOWN: PUT \/api\/v2\/tickets\/\{id\}\/tags may or may not have happened\./);
    expect(failure).toContain('Read ticket 3 with zendesk_get_ticket and call again only if its tags are not yet as you want them.');
    expect(sent(addTagsRoute)).toHaveLength(1);
    expect(account.sandbox.tickets.get(3)?.tags).toContain('red');
  });

  it.each([['lose'], ['truncate'], ['reset']] as const)(
    'repeat a user upsert whose answer is hit by "%s", and make one user',
    async (kind) => {
      account.sandbox.misbehave({ kind, match: userRoute });
      const before = account.sandbox.users.size;
      expect(await account.call('zendesk_create_or_update_user', { email: 'new@example.com', name: 'New' })).toMatchObject({ name: 'New' });
      expect([sent(userRoute).length, account.sandbox.users.size]).toEqual([2, before + 1]);
    },
  );

  it('report an unknown outcome if every answer to a user upsert is lost', async () => {
    account.sandbox.misbehave({ kind: 'lose', match: userRoute, times: 10 });
    const failure = await account.failure('zendesk_create_or_update_user', { email: 'new@example.com', name: 'New' });
    expect(failure).toMatch(/^OUTCOME_UNKNOWN: /);
    expect(failure).toContain('call again with the same values: that makes no second user');
  });

  it('repeat a read after failures of Zendesk and pages of a proxy', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 500, match: readRoute });
    account.sandbox.misbehave({ kind: 'html', match: readRoute });
    account.sandbox.misbehave({ kind: 'lose', match: readRoute });
    expect(await account.call('zendesk_get_ticket', { ticketId: 1 })).toMatchObject({ ticket: { id: 1 } });
    expect(sent(readRoute)).toHaveLength(4);
  });

  it('do not repeat a read that Zendesk refuses', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 403, match: readRoute });
    expect(await account.failure('zendesk_get_ticket', { ticketId: 1 })).toMatch(/^FORBIDDEN: .*You do not have access to this page\./);
    expect(sent(readRoute)).toHaveLength(1);
  });

  it('fail at once if Retry-After is longer than the call may take, and say so', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '93' }, match: readRoute });
    const failure = await account.failure('zendesk_get_ticket', { ticketId: 1 });
    expect(failure).toMatch(
      /^RATE_LIMITED: Zendesk’s rate limit is reached\. Zendesk says: Number of allowed API requests per minute exceeded\./,
    );
    expect(failure).toContain('93 s');
    expect(sent(readRoute)).toHaveLength(1);
  });

  it('report an invalid answer if Zendesk sends a page instead of a record', async () => {
    account.sandbox.misbehave({ kind: 'html', status: 200, match: readRoute });
    const failure = await account.failure('zendesk_get_ticket', { ticketId: 1 });
    expect(failure).toMatch(/^UPSTREAM_INVALID: /);
    expect(failure).not.toContain('<html>');
  });

  it('repeat all requests that met an expired token, with one new token', async () => {
    await account.call('zendesk_get_ticket', { ticketId: 1 });
    account.sandbox.expireTokens();
    const reads = await Promise.all([1, 2, 3, 4].map((ticketId) => account.call('zendesk_get_ticket', { ticketId })));
    await account.call('zendesk_add_comment', { ticketId: 3, body: 'still here' });
    expect(reads).toHaveLength(4);
    expect(sent(tokenRoute)).toHaveLength(2);
    expect(account.sandbox.comments(3)).toHaveLength(2);
  });

  it('repeat a comment that met an expired token, and add it once', async () => {
    await account.call('zendesk_get_ticket', { ticketId: 3 });
    account.sandbox.expireTokens();
    await account.call('zendesk_add_comment', { ticketId: 3, body: 'Hello' });
    expect([sent(updateRoute).length, sent(tokenRoute).length, account.sandbox.comments(3).length]).toEqual([2, 2, 2]);
  });

  it('stop after a new token is refused too', async () => {
    account.sandbox.misbehave({
      kind: 'status',
      status: 401,
      body: { error: 'invalid_token', error_description: 'The access token provided is revoked.' },
      match: readRoute,
      times: 10,
    });
    expect(await account.failure('zendesk_get_ticket', { ticketId: 1 })).toMatch(
      /^UNAUTHENTICATED: .*Someone must renew its OAuth client or API token/,
    );
    expect([sent(readRoute).length, sent(tokenRoute).length]).toEqual([2, 2]);
  });

  it('request one token for parallel calls, as the authorization declares', async () => {
    await Promise.all([1, 2, 3, 4].map((ticketId) => account.call('zendesk_get_ticket', { ticketId })));
    expect(sent(tokenRoute).map(({ body }) => body)).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'client',
        client_secret: 'client-secret',
        scope: 'read tickets:write users:write',
        expires_in: 7_200,
      },
    ]);
  });

  it('close the socket when the caller cancels', async () => {
    account.sandbox.misbehave({ kind: 'hang', match: readRoute });
    const caller = new AbortController();
    const failure = account.failure('zendesk_get_ticket', { ticketId: 1 }, { signal: caller.signal });
    const request = await account.sandbox.received(readRoute);
    caller.abort();
    expect(await request.ended).toBe('closed');
    expect(await failure).toMatch(/^CANCELLED: /);
    expect(sent(readRoute)).toHaveLength(1);
  });
});
