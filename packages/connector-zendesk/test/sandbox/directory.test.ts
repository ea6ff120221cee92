import { manualClock } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startZendeskSandbox, type ZendeskSandbox } from '../../src/sandbox.ts';
import { sandboxClient } from './client.ts';

describe('the Zendesk sandbox', () => {
  const clock = manualClock();
  let sandbox: ZendeskSandbox;
  let client: ReturnType<typeof sandboxClient>;

  beforeEach(async () => {
    sandbox = await startZendeskSandbox({ clock });
    client = sandboxClient(sandbox);
    await client.signIn();
  });
  afterEach(() => sandbox.close());

  const upsert = (user: unknown) => client.send('POST', '/api/v2/users/create_or_update', { user });
  const tag = (method: string, body: object, ticket = 1) => client.send(method, `/api/v2/tickets/${ticket}/tags`, body);

  it('answers an upsert with 201 for a new user and 200 for an existing one', async () => {
    const created = await upsert({ email: 'new@example.com', name: 'New' });
    expect([created.status, created.headers.get('location')]).toEqual([201, expect.stringContaining('/api/v2/users/')]);
    expect(await upsert({ email: 'NEW@example.com', name: 'Newer' })).toMatchObject({ status: 200, body: { user: { name: 'Newer' } } });
  });

  it('returns the current state of the signed-in user', async () => {
    await upsert({ email: 'agent@example.com', phone: '+1 555' });
    expect((await client.get('/api/v2/users/me')).body).toMatchObject({ user: { phone: '+1 555', role: 'admin' } });
  });

  it('does not replace a user’s address', async () => {
    await upsert({ email: 'ada@example.com', external_id: 'x1' });
    expect(await upsert({ external_id: 'X1', email: 'other@example.com' })).toMatchObject({ body: { user: { email: 'ada@example.com' } } });
  });

  it.each([
    [{ email: 'not-an-address', name: 'A' }, 'email'],
    [{ email: 'a@example.com' }, 'name'],
    [{ email: 'a@example.com', name: 'A', organization_id: 1 }, 'organization'],
  ])('refuses the user %j', async (user, field) => {
    expect(await upsert(user)).toMatchObject({ status: 422, body: { details: { [field]: expect.any(Array) } } });
  });

  it('refuses an empty upsert, and an upsert without the scope', async () => {
    expect((await upsert(undefined)).status).toBe(400);
    await client.signIn({ scope: 'read tickets:write' });
    expect((await upsert({ email: 'a@example.com', name: 'A' })).status).toBe(403);
  });

  it('accepts five updates of a user per minute', async () => {
    for (let count = 0; count < 5; count += 1) expect((await upsert({ email: 'ada@example.com' })).status).toBe(200);
    const refused = await upsert({ email: 'ada@example.com' });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    await clock.advance(60_000);
    expect((await upsert({ email: 'ada@example.com' })).status).toBe(200);
  });

  it('adds and removes tags, and answers a removal with an empty body', async () => {
    expect(await tag('PUT', { tags: ['New', 'billing'] })).toMatchObject({ status: 200, body: { tags: ['billing', 'new', 'refund'] } });
    const authorization = `Basic ${btoa('agent@example.com/token:api-token')}`;
    const removed = await fetch(`${sandbox.url}/api/v2/tickets/1/tags`, {
      method: 'DELETE',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ tags: ['new'] }),
    });
    expect([removed.status, await removed.text()]).toEqual([204, '']);
    expect((await client.get('/api/v2/tickets/1/tags')).body).toEqual({ tags: ['billing', 'refund'] });
  });

  it('sets a ticket’s updated_at only if its tags change', async () => {
    const before = sandbox.tickets.get(1)?.updated_at;
    await tag('PUT', { tags: ['billing'] });
    expect(sandbox.tickets.get(1)?.updated_at).toBe(before);
    await tag('PUT', { tags: ['new'] });
    expect(sandbox.tickets.get(1)?.updated_at).not.toBe(before);
  });

  it('refuses tags that are not a list, tags of a closed ticket, and a change with an outdated stamp', async () => {
    expect((await tag('PUT', { tags: 'new' })).status).toBe(400);
    await client.send('PUT', '/api/v2/tickets/1', { ticket: { status: 'closed' } });
    expect((await tag('PUT', { tags: ['new'] })).status).toBe(422);
    expect((await tag('PUT', { tags: ['new'], safe_update: 'true', updated_stamp: '2020-01-01T00:00:00Z' }, 2)).status).toBe(409);
  });

  it('counts a change of tags as an update of the ticket', async () => {
    for (let count = 0; count < 30; count += 1) await tag('PUT', { tags: ['new'] });
    expect((await tag('PUT', { tags: ['new'] })).status).toBe(429);
  });

  it('finds organizations by their full name', async () => {
    expect((await client.get('/api/v2/organizations/search?name=EXAMPLE bakery')).body).toMatchObject({
      count: 1,
      organizations: [{ name: 'Example Bakery' }],
    });
    expect((await client.get('/api/v2/organizations/search?name=Example')).body).toMatchObject({ count: 0, organizations: [] });
    expect((await client.get('/api/v2/organizations/1')).status).toBe(404);
  });

  it('lists all ticket fields, or pages of at most 100 by cursor', async () => {
    const all = (await client.get('/api/v2/ticket_fields')).body as unknown as { ticket_fields: { id: number }[] };
    const first = await client.get('/api/v2/ticket_fields?page[size]=6');
    const second = await client.get(`/api/v2/ticket_fields?page[size]=6&page[after]=${encodeURIComponent(first.body.meta.after_cursor)}`);
    const paged = [first, second].flatMap(({ body }) => (body as unknown as typeof all).ticket_fields);
    expect(paged).toEqual(all.ticket_fields);
    expect((await client.get('/api/v2/ticket_fields?page[size]=101')).status).toBe(400);
    expect(await client.get(`/api/v2/ticket_fields/${all.ticket_fields[0]?.id}`)).toMatchObject({
      status: 200,
      body: { ticket_field: { title: 'Subject' } },
    });
    expect((await client.get('/api/v2/ticket_fields/1')).status).toBe(404);
  });

  it('counts search results, and has one job', async () => {
    expect((await client.get('/api/v2/search/count?query=type:ticket status:open')).body).toEqual({ count: 1 });
    expect((await client.get('/api/v2/job_statuses/V3-1')).status).toBe(404);
  });
});
