import { answerText } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

const comment = { id: 1, author_id: 3, public: true, plain_body: 'x', created_at: '2026-01-01T00:00:00Z' };
const ticket = { id: 5, subject: 'a' };

/** Every list that Zendesk pages by cursor. */
const lists = [
  {
    tool: 'zendesk_list_comments',
    args: { ticketId: 5 },
    route: 'GET /api/v2/tickets/{id}/comments',
    rows: { comments: [comment], users: [] },
    cursorOf: 'nextCursor',
    input: 'cursor',
  },
  {
    tool: 'zendesk_get_ticket',
    args: { ticketId: 5, includeComments: true },
    route: 'GET /api/v2/tickets/{id}/comments',
    rows: { comments: [comment], users: [] },
    cursorOf: 'commentsCursor',
    input: 'commentsCursor',
  },
  {
    tool: 'zendesk_search_tickets',
    args: { text: 'a', order: 'all' },
    route: 'GET /api/v2/search/export',
    rows: { results: [ticket] },
    cursorOf: 'nextCursor',
    input: 'cursor',
  },
  {
    tool: 'zendesk_list_ticket_fields',
    args: {},
    route: 'GET /api/v2/ticket_fields',
    rows: { ticket_fields: [{ id: 9, title: 'F' }] },
    cursorOf: 'nextCursor',
    input: 'cursor',
  },
];

describe.each(lists)('$tool', ({ tool, args, route, rows, cursorOf, input }) => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { ticket }, match: 'GET /api/v2/tickets/{id}', times: 10 });
  });
  afterEach(() => account.close());

  const answerWith = (end: object) => account.sandbox.misbehave({ kind: 'status', status: 200, body: { ...rows, ...end }, match: route });
  const link = 'https://acme.zendesk.com/api/v2/list.json?page%5Bafter%5D=abc&page%5Bsize%5D=100';
  const sentCursors = () =>
    account.sandbox.requests.filter((request) => request.route === route).map(({ query }) => query.get('page[after]'));

  it.each([
    [{ meta: { has_more: true, after_cursor: null }, links: { next: link } }],
    [{ links: { next: link } }],
    [{ next_page: link }],
    [{ meta: { has_more: true, after_cursor: 'abc' } }],
  ])('goes on after an answer with %j', async (end) => {
    answerWith(end);
    const page = await account.call(tool, args);
    answerWith({ meta: { has_more: false, after_cursor: 'abc' } });
    const last = await account.call(tool, { ...args, [input]: page[cursorOf] });
    expect(last[cursorOf]).toBeUndefined();
    expect(sentCursors()).toEqual([null, 'abc']);
  });

  it.each([
    [{ meta: { has_more: true, after_cursor: null }, links: null }],
    [{ meta: { has_more: true } }],
    [{ next_page: 'https://acme.zendesk.com/api/v2/list.json?page=2' }],
  ])('says that a page is not the whole list after an answer with %j', async (end) => {
    answerWith(end);
    const answer = await account.answer(tool, args);
    expect((answer.structuredContent as Record<string, unknown>)[cursorOf]).toBeUndefined();
    expect(answerText(answer)).toContain('This is not the whole list: Zendesk says that there is more, but not where.');
  });

  it('ends in an error if the cursor does not move', async () => {
    const end = { meta: { has_more: true, after_cursor: 'abc' } };
    answerWith(end);
    const page = await account.call(tool, args);
    answerWith(end);
    expect(await account.failure(tool, { ...args, [input]: page[cursorOf] })).toMatch(
      /^UPSTREAM_INVALID: Zendesk names this page as its own next page/,
    );
  });

  it.each([[{}], [{ meta: { has_more: false, after_cursor: 'abc' }, links: { next: null } }], [{ next_page: null }]])(
    'has its last page after an answer with %j',
    async (end) => {
      answerWith(end);
      const answer = await account.answer(tool, args);
      expect((answer.structuredContent as Record<string, unknown>)[cursorOf]).toBeUndefined();
      expect(answerText(answer)).not.toContain('not the whole list');
    },
  );

  it('says that a page is not the whole list if Zendesk sends more rows than asked for', async () => {
    const [name = '', [row] = []] = Object.entries(rows)[0] ?? [];
    answerWith({ [name]: Array.from({ length: 130 }, (_, id) => ({ ...row, id })) });
    expect(answerText(await account.answer(tool, args))).toMatch(
      /not the whole list: Zendesk sent 130 rows, and only the first \d+ are shown/,
    );
  });
});
