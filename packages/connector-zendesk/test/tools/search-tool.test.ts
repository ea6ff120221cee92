import { answerText } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { sandboxClient } from '../sandbox/client.ts';
import { startAccount, type Account } from '../start-account.ts';

interface Page {
  readonly tickets: { readonly id: number; readonly excerpt?: string }[];
  readonly total?: number;
  readonly nextCursor?: string;
}

describe('zendesk_search_tickets', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const search = (args: object) => account.call<Page>('zendesk_search_tickets', args);

  it.each([{ results: [{ id: 1.5 }] }, { results: [], count: 1e300 }])('takes %j for no answer of Zendesk', async (body) => {
    account.sandbox.misbehave({ kind: 'status', status: 200, body, match: 'GET /api/v2/search' });
    expect(await account.failure('zendesk_search_tickets', {})).toMatch(/^UPSTREAM_INVALID/);
  });
  const idsOf = async (args: object) => (await search(args)).tickets.map(({ id }) => id);
  const lastQuery = () => account.sandbox.requests.at(-1)?.query;

  it.each([
    [{}, [4, 3, 2, 1]],
    [{ text: 'charged invoice' }, [1]],
    [{ requester: 'ada@example.com' }, [3, 1]],
    [{ requester: 'Grace Sample', status: ['pending'] }, [2]],
    [{ assignee: 'none' }, [4, 3]],
    [{ assignee: 'me' }, [2, 1]],
    [{ organization: 'Example Bakery' }, [3, 1]],
    [{ status: ['new', 'open'] }, [4, 3]],
    [{ priority: ['urgent', 'high'] }, [3, 1]],
    [{ tag: 'billing' }, [4, 1]],
    [{ requester: 'Ada Example" tags:login "' }, []],
  ])('finds by %j', async (args, ids) => {
    expect(await idsOf(args)).toEqual(ids);
  });

  it('finds by dates', async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    expect(await idsOf({ createdAfter: daysAgo(10), createdBefore: daysAgo(2) })).toEqual([3, 2]);
    expect(await idsOf({ updatedAfter: daysAgo(4).slice(0, 10) })).toEqual([4, 3]);
  });

  it('returns summaries and their total count', async () => {
    const { tickets, total } = await search({ tag: 'printer' });
    expect(total).toBe(1);
    expect(tickets).toEqual([
      {
        id: 3,
        url: 'https://sandbox.zendesk.com/agent/tickets/3',
        subject: 'Label printer does not print',
        status: 'open',
        priority: 'urgent',
        requester: { id: expect.any(Number) },
        organizationId: expect.any(Number),
        tags: ['hardware', 'printer'],
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
        excerpt: expect.stringContaining('blinks red'),
      },
    ]);
  });

  it.each([['newest'], ['updated'], ['all']])(
    'pages through every match of order "%s" with the cursor as the only input',
    async (order) => {
      const ids: number[] = [];
      let page = await search({ order, limit: 1, createdAfter: '2020-01-01' });
      ids.push(...page.tickets.map(({ id }) => id));
      while (page.nextCursor !== undefined) {
        page = await search({ cursor: page.nextCursor });
        ids.push(...page.tickets.map(({ id }) => id));
      }
      expect(ids).toEqual(order === 'all' ? [1, 2, 3, 4] : [4, 3, 2, 1]);
    },
  );

  it('requests the order, and only tickets', async () => {
    await search({ order: 'updated', text: 'printer' });
    expect(Object.fromEntries(lastQuery() ?? [])).toEqual({
      query: 'type:ticket printer',
      sort_by: 'updated_at',
      sort_order: 'desc',
      page: '1',
      per_page: '20',
    });
    await search({ order: 'all', text: 'printer' });
    expect(Object.fromEntries(lastQuery() ?? [])).toEqual({ query: 'printer', 'filter[type]': 'ticket', 'page[size]': '20' });
  });

  it('stops at Zendesk’s limit and says how to read the rest', async () => {
    const answerWith = (page: number) =>
      account.sandbox.misbehave({
        kind: 'status',
        status: 200,
        body: { results: [{ id: page }], count: 5_000, next_page: 'https://sandbox.zendesk.com/next' },
        match: 'GET /api/v2/search',
      });
    let cursor: string | undefined;
    for (let number = 1; number <= 10; number += 1) {
      answerWith(number);
      const answer = await account.answer('zendesk_search_tickets', cursor === undefined ? { limit: 100 } : { cursor });
      const page = answer.structuredContent as Page;
      expect([page.tickets[0]?.id, lastQuery()?.get('page')]).toEqual([number, String(number)]);
      if (number < 10) expect(page.nextCursor).toBeDefined();
      else {
        expect(page.nextCursor).toBeUndefined();
        expect(answerText(answer)).toContain(
          'Warning: Zendesk returns at most 1000 tickets in this order. Narrow the search, or use order "all" to read every match.',
        );
      }
      cursor = page.nextCursor;
    }
  });

  it('returns at most the requested number, even if Zendesk sends more', async () => {
    const results = Array.from({ length: 100 }, (_, id) => ({ id, description: 'x'.repeat(30_000) }));
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { results }, match: 'GET /api/v2/search' });
    const { tickets } = await search({ limit: 5 });
    expect(tickets).toHaveLength(5);
    expect(tickets[0]?.excerpt).toHaveLength(300 + '… [29700 more characters]'.length);
  });

  it('requires a condition with order "all"', async () => {
    expect(await account.failure('zendesk_search_tickets', { order: 'all' })).toContain('Give at least one condition with order "all"');
  });

  it('refuses a forged cursor', async () => {
    expect(await account.failure('zendesk_search_tickets', { cursor: 'eyJxdWVyeSI6InR5cGU6dXNlciJ9.x' })).toContain('INVALID_INPUT');
    expect(account.sandbox.requests).toEqual([]);
  });

  it('writes a cursor that it can read back, even for the longest possible search', async () => {
    const long = (length: number) => '€'.repeat(length);
    for (const letter of ['c', 'd']) {
      const body = { results: [{ id: 1 }], meta: { has_more: true, after_cursor: letter.repeat(300) } };
      account.sandbox.misbehave({ kind: 'status', status: 200, body, match: 'GET /api/v2/search/export' });
    }
    const first = await search({
      order: 'all',
      text: '€ '.repeat(150),
      requester: long(150),
      assignee: long(150),
      organization: long(150),
      tag: long(100),
      status: ['new', 'open', 'pending', 'hold', 'solved', 'closed'],
    });
    expect((await search({ cursor: first.nextCursor })).tickets).toHaveLength(1);
  });

  it('returns full tickets with detail "full", at most 25 at a time', async () => {
    const results = Array.from({ length: 100 }, (_, id) => ({ id, description: 'x'.repeat(400), external_id: 'E' }));
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { results, next_page: 'more' }, match: 'GET /api/v2/search', times: 2 });
    const { tickets, nextCursor } = await search({ detail: 'full', limit: 100 });
    expect([tickets.length, lastQuery()?.get('per_page')]).toEqual([25, '25']);
    expect(tickets[0]).toMatchObject({ description: 'x'.repeat(400), externalId: 'E' });
    expect(tickets[0]).not.toHaveProperty('excerpt');
    expect((await search({ cursor: nextCursor })).tickets[0]).toMatchObject({ description: 'x'.repeat(400) });
    expect(lastQuery()?.get('page')).toBe('2');
  });

  it('returns only the chosen fields, and the id, on every page', async () => {
    const first = await search({ fields: ['subject', 'status', 'subject'], limit: 1 });
    expect(first.tickets).toEqual([{ id: 4, subject: 'Question about the yearly plan', status: 'new' }]);
    const second = await search({ cursor: first.nextCursor });
    expect(second.tickets.map((ticket) => Object.keys(ticket).sort())).toEqual([['id', 'status', 'subject']]);
  });

  it('refuses the cursor of another list, and fields that its detail does not have', async () => {
    const { nextCursor } = await search({ order: 'updated', limit: 1, createdAfter: '2020-01-01' });
    const failure = (args: object) => account.failure('zendesk_search_tickets', args);
    for (const other of [{ text: 'printer' }, { order: 'newest' }, { detail: 'full' }, { fields: ['subject'] }])
      expect(await failure({ cursor: nextCursor, ...other })).toMatch(/^INVALID_INPUT: The cursor belongs to another list/);
    expect(await failure({ cursor: nextCursor, limit: 7 })).toMatch(/^INVALID_INPUT: The cursor counts pages of 1 tickets/);
    const same = await search({ cursor: nextCursor, order: 'updated', limit: 1, createdAfter: '2020-01-01' });
    expect(same.tickets).toHaveLength(1);
    const all = await search({ order: 'all', limit: 1, createdAfter: '2020-01-01' });
    expect((await search({ cursor: all.nextCursor, limit: 7 })).tickets).toHaveLength(3);
    expect(await failure({ fields: ['subject', 'description', 'dueAt'] })).toMatch(
      /^INVALID_INPUT: [^]*description, dueAt: only with detail "full"/,
    );
    expect(await failure({ detail: 'full', fields: ['excerpt'] })).toMatch(/^INVALID_INPUT: [^]*excerpt: only with detail "summary"/);
    const [ticket] = (await search({ detail: 'full', fields: ['description'], limit: 1 })).tickets;
    expect(ticket).toHaveProperty('description');
  });

  it.each([{ text: '"' }, { requester: '\\' }, { assignee: '""' }, { organization: '"' }, { tag: '"' }])(
    'refuses a condition of quotes alone, which would find every ticket: %j',
    async (condition) => {
      for (const tool of ['zendesk_search_tickets', 'zendesk_count_tickets'])
        expect(await account.failure(tool, condition)).toMatch(/^INVALID_INPUT: [^]*Give words or a number/);
    },
  );

  it('counts with one request, without listing', async () => {
    expect(await account.call('zendesk_count_tickets', { requester: 'ada@example.com', status: ['open'] })).toEqual({ count: 1 });
    expect(await account.call('zendesk_count_tickets', {})).toEqual({ count: 4 });
    const counts = account.sandbox.requests.filter(({ route }) => route === 'GET /api/v2/search/count');
    expect(counts.map(({ query }) => query.get('query'))).toEqual(['type:ticket requester:"ada@example.com" status:open', 'type:ticket']);
  });

  it.each(['yesterday', '2026-13-01', '2026-03-01T09:30'])('refuses the date "%s" before any request', async (createdAfter) => {
    expect(await account.failure('zendesk_search_tickets', { createdAfter })).toContain('Give a date such as 2026-03-01');
    expect(account.sandbox.requests).toEqual([]);
  });

  it('reads each of more than 1,000 matches exactly once by cursor', async () => {
    const large = await startAccount({ sandbox: { requestsPerMinute: 10_000 } });
    onTestFinished(() => large.close());
    const client = sandboxClient(large.sandbox);
    await client.signIn();
    for (let round = 0; round < 21; round += 1) await Promise.all(Array.from({ length: 50 }, () => client.create({ tags: ['many'] })));
    const ids: number[] = [];
    let page = await large.call<Page>('zendesk_search_tickets', { tag: 'many', order: 'all', limit: 100, fields: [] });
    ids.push(...page.tickets.map(({ id }) => id));
    while (page.nextCursor !== undefined) {
      page = await large.call<Page>('zendesk_search_tickets', { cursor: page.nextCursor });
      ids.push(...page.tickets.map(({ id }) => id));
    }
    expect([ids.length, new Set(ids).size]).toEqual([1_050, 1_050]);
    expect(large.sandbox.requests.filter(({ route }) => route === 'GET /api/v2/search/export')).toHaveLength(11);
  });
});
