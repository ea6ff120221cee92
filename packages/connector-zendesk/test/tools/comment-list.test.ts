import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

interface Page {
  readonly comments: { readonly excerpt?: string; readonly body?: string }[];
  readonly nextCursor?: string;
}

describe('zendesk_list_comments', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const list = (args: object) => account.call<Page>('zendesk_list_comments', args);
  const answerWith = (comments: object[]) =>
    account.sandbox.misbehave({ kind: 'status', status: 200, body: { comments }, match: 'GET /api/v2/tickets/{id}/comments' });

  it('returns excerpts with their authors, newest first', async () => {
    const { comments, nextCursor } = await list({ ticketId: 1 });
    expect(comments).toMatchObject([
      { public: true, author: { name: 'Sam Agent' }, excerpt: expect.stringContaining('refunded'), attachmentCount: 0 },
      { public: false, excerpt: 'Payment provider confirms the double charge.' },
      { public: true, author: { name: 'Ada Example' } },
    ]);
    expect(comments[0]).not.toHaveProperty('body');
    expect(nextCursor).toBeUndefined();
  });

  it('returns full texts and attachments with detail "full"', async () => {
    const attachments = [{ file_name: 'a.png', content_type: 'image/png', size: 7 }];
    answerWith([{ id: 1, public: true, plain_body: 'x'.repeat(400), attachments }]);
    expect((await list({ ticketId: 1, detail: 'full' })).comments).toEqual([
      { id: 1, public: true, body: 'x'.repeat(400), attachments: [{ fileName: 'a.png', contentType: 'image/png', bytes: 7 }] },
    ]);
    answerWith([{ id: 1, public: true, plain_body: 'x'.repeat(400), attachments }]);
    expect((await list({ ticketId: 1 })).comments).toEqual([
      { id: 1, public: true, excerpt: `${'x'.repeat(300)}… [100 more characters]`, attachmentCount: 1 },
    ]);
  });

  it.each([null, ''])('shows the body of a comment whose plain text is %j', async (plain_body) => {
    answerWith([{ id: 1, public: true, plain_body, body: '![receipt](https://acme.zendesk.com/receipt.png)' }]);
    expect((await list({ ticketId: 1, detail: 'full' })).comments).toMatchObject([{ body: expect.stringContaining('receipt.png') }]);
    answerWith([{ id: 1, public: true, plain_body, body: 'The receipt' }]);
    expect((await list({ ticketId: 1 })).comments).toMatchObject([{ excerpt: 'The receipt' }]);
  });

  it.each(['newest', 'oldest'] as const)('pages through all comments, %s first, with the cursor as the only input', async (order) => {
    const seen: (string | undefined)[] = [];
    let cursor: string | undefined;
    do {
      const page = await list(cursor === undefined ? { ticketId: 1, order, limit: 1 } : { ticketId: 1, cursor });
      seen.push(page.comments[0]?.excerpt?.slice(0, 3));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(order === 'newest' ? ['The', 'Pay', 'Our'] : ['Our', 'Pay', 'The']);
  });

  it('returns at most 25 full comments in a page, and the rest by cursor', async () => {
    for (let count = 0; count < 27; count += 1) await account.call('zendesk_add_comment', { ticketId: 3, body: 'B' });
    const first = await list({ ticketId: 3, detail: 'full', limit: 100 });
    const second = await list({ ticketId: 3, cursor: first.nextCursor });
    expect([first.comments.length, second.comments.length]).toEqual([25, 3]);
    expect(second.comments[0]).toHaveProperty('body');
  });

  it('refuses a cursor of another ticket, order or detail, and takes another limit', async () => {
    const { nextCursor } = await list({ ticketId: 1, limit: 1 });
    for (const other of [{ ticketId: 2 }, { ticketId: 1, order: 'oldest' }, { ticketId: 1, detail: 'full' }])
      expect(await account.failure('zendesk_list_comments', { ...other, cursor: nextCursor })).toMatch(
        /^INVALID_INPUT: The cursor belongs to another list/,
      );
    expect((await list({ ticketId: 1, order: 'newest', cursor: nextCursor, limit: 9 })).comments).toHaveLength(2);
  });
});
