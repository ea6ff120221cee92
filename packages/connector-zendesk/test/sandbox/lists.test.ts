import { manualClock } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startZendeskSandbox, type ZendeskSandbox } from '../../src/sandbox.ts';
import { sandboxClient } from './client.ts';

describe('the lists of the Zendesk sandbox', () => {
  let sandbox: ZendeskSandbox;
  let client: ReturnType<typeof sandboxClient>;

  beforeEach(async () => {
    sandbox = await startZendeskSandbox({ clock: manualClock() });
    client = sandboxClient(sandbox);
    await client.signIn();
  });
  afterEach(() => sandbox.close());

  it('page comments by cursor, in either order, with their authors', async () => {
    const first = await client.get('/api/v2/tickets/1/comments?page[size]=2&sort=-created_at&include=users');
    expect(first.body.comments.map(({ body }) => body.slice(0, 10))).toEqual(['The second', 'Payment pr']);
    expect(first.body.users).toMatchObject([{ name: 'Sam Agent' }]);
    expect(first.body.meta).toMatchObject({ has_more: true, after_cursor: expect.any(String) });
    const next = new URL(first.body.links.next);
    expect(next.origin).toBe('https://sandbox.zendesk.com');
    const second = await client.get(next.pathname + next.search);
    expect(second.body).toMatchObject({
      comments: [{ body: expect.stringContaining('Our card') }],
      meta: { has_more: false, after_cursor: null },
      links: { next: null },
    });
    expect((await client.get('/api/v2/tickets/1/comments')).body).toMatchObject({ count: 3, next_page: null });
    expect((await client.get('/api/v2/tickets/1/comments?page[size]=101')).status).toBe(400);
    expect((await client.get('/api/v2/tickets/1/comments?page[size]=2&page[after]=made-up')).status).toBe(400);
  });

  it('sort and count search results, and end at 1,000', async () => {
    const { body } = await client.get('/api/v2/search?query=type:ticket&sort_by=created_at&sort_order=desc&per_page=3');
    expect(body).toMatchObject({ count: 4, previous_page: null, results: [{ id: 4, result_type: 'ticket' }, { id: 3 }, { id: 2 }] });
    expect(body.next_page).toContain('page=2');
    expect(
      (await client.get('/api/v2/search?query=type:ticket&sort_by=created_at&sort_order=asc')).body.results.map(({ id }) => id),
    ).toEqual([1, 2, 3, 4]);
    expect(await client.get('/api/v2/search?query=type:ticket&per_page=100&page=11')).toMatchObject({
      status: 422,
      body: { error: 'invalid' },
    });
  });

  it('page exported results by cursor, oldest first', async () => {
    const path = `/api/v2/search/export?query=created>2000-01-01&filter[type]=ticket&page[size]=3`;
    const first = await client.get(path);
    expect(first.body.results.map(({ id }) => id)).toEqual([1, 2, 3]);
    const second = await client.get(`${path}&page[after]=${encodeURIComponent(first.body.meta.after_cursor)}`);
    expect(second.body).toMatchObject({ results: [{ id: 4 }], meta: { has_more: false } });
    expect((await client.get('/api/v2/search/export?query=x')).status).toBe(400);
    expect((await client.get('/api/v2/search/export?query=type:ticket&filter[type]=ticket')).status).toBe(400);
  });

  it.each([
    ['requester:"ada@example.com"', [1, 3]],
    ['requester:"Ada Example" status:open', [3]],
    ['assignee:none', [3, 4]],
    ['assignee:me', [1, 2]],
    ['organization:"Example Bakery"', [1, 3]],
    ['status:open status:pending', [2, 3]],
    ['status<solved', [2, 3, 4]],
    ['priority>normal', [1, 3]],
    ['tags:"billing"', [1, 4]],
    ['-tags:billing', [2, 3]],
    ['created>=2025-12-29', [3, 4]],
    ['created<2025-12-29T00:00:00Z', [1, 2]],
    ['updated>2025-12-30', [4]],
    ['created<=2025-12-29', [1, 2, 3]],
    ['created:2025-12-29', [3]],
    ['printer', [3]],
    ['print', [3]],
    ['rinter', []],
    ['"e-mail says"', [2]],
    ['type:user', []],
    ['colour:red', []],
  ])('of search results hold what %s finds', async (query, ids) => {
    const { body } = await client.get(`/api/v2/search?query=${encodeURIComponent(query)}&sort_by=created_at&sort_order=asc`);
    expect(body.results.map(({ id }) => id)).toEqual(ids);
  });

  it('refuse an invalid date', async () => {
    expect((await client.get('/api/v2/search?query=created>yesterday')).status).toBe(422);
  });

  it('find users by address', async () => {
    expect((await client.get('/api/v2/users/search?query=email:"ADA@example.com"')).body).toMatchObject({
      count: 1,
      users: [{ name: 'Ada Example', tags: ['vip'] }],
    });
    expect((await client.get('/api/v2/users/search?query=unknown')).body.users).toEqual([]);
  });
});
