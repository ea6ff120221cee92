import { answerText } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

let account: Account;
beforeEach(async () => {
  account = await startAccount();
});
afterEach(() => account.close());

const lastQuery = () => Object.fromEntries(account.sandbox.requests.at(-1)?.query ?? []);
const answerWith = (match: string, body: unknown) => account.sandbox.misbehave({ kind: 'status', status: 200, body, match });

const otherList = /^INVALID_INPUT: The cursor belongs to another list\. Leave cursor out/;

it.each([-8.64e12 - 1, 8.64e12 + 1])('a suppression from second %d, which no date can hold, is no answer of SendGrid', async (created) => {
  answerWith('GET /v3/suppression/bounces', [{ email: 'a@example.com', created }]);
  expect(await account.failure('sendgrid_list_suppressions', { list: 'bounces' })).toMatch(/^UPSTREAM_INVALID/);
});

describe('templates', () => {
  interface Page {
    readonly templates: readonly { readonly name: string }[];
    readonly nextCursor?: string;
  }
  const [welcome] = ['d-1f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c'];

  it.each([
    [{}, ['Welcome', 'Receipt'], 'dynamic'],
    [{ generation: 'legacy' }, ['Old newsletter'], 'legacy'],
    [{ generation: 'all' }, ['Welcome', 'Receipt', 'Old newsletter'], 'legacy,dynamic'],
  ])('are listed by %j', async (args, names, generations) => {
    const { templates, nextCursor } = await account.call<Page>('sendgrid_list_templates', args);
    expect([templates.map(({ name }) => name), nextCursor]).toEqual([names, undefined]);
    expect(lastQuery()).toEqual({ generations, page_size: '50' });
  });

  it('are paged with the cursor as the only input, which uses only the token of SendGrid’s link', async () => {
    const body = (next: string) => ({ result: [{ id: 'd-1' }], _metadata: { next } });
    answerWith('GET /v3/templates', body('https://evil.example/v3/templates?page_token=two&page_size=9'));
    const { nextCursor } = await account.call<Page>('sendgrid_list_templates', { generation: 'all', limit: 1 });
    answerWith('GET /v3/templates', body('not a link'));
    const last = await account.call<Page>('sendgrid_list_templates', { cursor: nextCursor, generation: 'all' });
    expect(lastQuery()).toEqual({ generations: 'legacy,dynamic', page_size: '1', page_token: 'two' });
    expect(last.nextCursor).toBeUndefined();
    for (const other of [{ generation: 'legacy' }, { limit: 7 }])
      expect(await account.failure('sendgrid_list_templates', { cursor: nextCursor, ...other })).toMatch(otherList);
  });

  it('are not the whole list if SendGrid’s link has no token, and the answer says so', async () => {
    const link = 'https://api.sendgrid.com/v3/templates?page_size=50';
    answerWith('GET /v3/templates', { result: [{ id: 'd-1' }], _metadata: { next: link } });
    const answer = await account.answer('sendgrid_list_templates', {});
    expect(answer.structuredContent).toEqual({ templates: [{ id: 'd-1' }] });
    expect(answerText(answer)).toContain('This is not the whole list: SendGrid says that there is more, but not where.');
  });

  it('end in an error if the token does not move', async () => {
    const body = { result: [{ id: 'd-1' }], _metadata: { next: 'https://api.sendgrid.com/v3/templates?page_token=two' } };
    answerWith('GET /v3/templates', body);
    const { nextCursor } = await account.call<Page>('sendgrid_list_templates', {});
    answerWith('GET /v3/templates', body);
    expect(await account.failure('sendgrid_list_templates', { cursor: nextCursor })).toMatch(
      /^UPSTREAM_INVALID: SendGrid names this page as its own next page/,
    );
  });

  it('are all reached by cursor', async () => {
    const names: string[] = [];
    let page = await account.call<Page>('sendgrid_list_templates', { generation: 'all', limit: 1 });
    for (let count = 0; count < 5; count += 1) {
      names.push(...page.templates.map(({ name }) => name));
      if (page.nextCursor === undefined) break;
      page = await account.call<Page>('sendgrid_list_templates', { cursor: page.nextCursor });
    }
    expect(names).toEqual(['Welcome', 'Receipt', 'Old newsletter']);
  });

  it('are read with their placeholders, and with their text for detail "full"', async () => {
    const summary = {
      id: welcome,
      name: 'Welcome',
      generation: 'dynamic',
      updatedAt: '2026-03-02T09:30:00Z',
      versions: [
        { id: '9d0e1f2a3b4c-2', name: 'second', subject: 'Welcome, {{name}}', active: true, updatedAt: '2026-03-02T09:30:00Z' },
        { id: '9d0e1f2a3b4c-1', name: 'first', subject: 'Draft', active: false, updatedAt: '2026-03-02T09:30:00Z' },
      ],
      placeholders: ['{{name}}', '{{plan}}'],
    };
    expect(await account.call('sendgrid_get_template', { templateId: welcome })).toEqual(summary);
    expect(await account.call('sendgrid_get_template', { templateId: welcome, detail: 'full' })).toEqual({
      ...summary,
      text: 'Hello {{name}}, your plan is {{plan}}.',
      html: '<p>Hello {{name}}, your plan is {{plan}}.</p>',
    });
  });

  it('of any size are cut to the limits', async () => {
    const html_content = Array.from({ length: 300 }, (_, i) => `{{p${i}}}`).join('') + 'x'.repeat(100_000);
    const versions = Array.from({ length: 300 }, (_, i) => ({
      id: `v${i}`,
      active: i === 299 ? 1 : 0,
      ...(i === 299 && { html_content }),
    }));
    answerWith('GET /v3/templates/{id}', { id: welcome, versions, warning: { message: 'Too many versions' } });
    const answer = await account.answer('sendgrid_get_template', { templateId: welcome, detail: 'full' });
    const content = answer.structuredContent as { versions: { id: string }[]; placeholders: string[]; html: string };
    expect([content.versions.length, content.versions[0]?.id, content.placeholders.length]).toEqual([20, 'v299', 100]);
    expect(content.html).toHaveLength(20_000 + `… [${html_content.length - 20_000} more characters]`.length);
    expect(answerText(answer)).toContain('Warning: SendGrid warns: Too many versions');
  });

  it('with hardly any fields are listed too', async () => {
    answerWith('GET /v3/templates/{id}', { id: welcome, name: null, versions: null });
    expect(await account.call('sendgrid_get_template', { templateId: welcome })).toEqual({ id: welcome, versions: [], placeholders: [] });
    answerWith('GET /v3/templates', { result: null });
    expect(await account.call('sendgrid_list_templates', {})).toEqual({ templates: [] });
  });

  it('that do not exist are not found', async () => {
    expect(await account.failure('sendgrid_get_template', { templateId: 'd-0000000000000000000000000000000f' })).toMatch(/^NOT_FOUND: /);
    expect(await account.failure('sendgrid_get_template', { templateId: '../user' })).toMatch(
      /^INVALID_INPUT: .*A template id looks like/s,
    );
    expect(account.sandbox.requests).toHaveLength(1);
  });
});

describe('suppressions', () => {
  interface Page {
    readonly suppressions: readonly { readonly email: string }[];
    readonly nextCursor?: string;
  }
  const list = (args: object) => account.call<Page>('sendgrid_list_suppressions', args);

  it.each([
    ['bounces', 'gone@example.org'],
    ['blocks', 'full@example.org'],
    ['invalid_emails', 'unknown@nowhere.invalid'],
    ['spam_reports', 'annoyed@example.net'],
    ['unsubscribes', 'left@example.net'],
  ])('on the list of %s are listed and removed', async (name, email) => {
    expect((await list({ list: name })).suppressions[0]).toMatchObject({ email, createdAt: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(await account.call('sendgrid_remove_suppression', { list: name, email })).toEqual({ removed: true });
    expect((await list({ list: name, email })).suppressions).toEqual([]);
    expect(await account.call('sendgrid_remove_suppression', { list: name, email })).toEqual({ removed: false });
  });

  it('are found by the beginning of an address and by time', async () => {
    expect((await list({ list: 'bounces', email: 'clo' })).suppressions).toEqual([
      { email: 'closed@example.org', createdAt: expect.any(String), reason: '550 5.2.1 The mailbox is disabled.', status: '5.2.1' },
    ]);
    const createdAfter = new Date(Date.now() - 5 * 86_400_000).toISOString();
    expect((await list({ list: 'bounces', createdAfter })).suppressions).toMatchObject([{ email: 'closed@example.org' }]);
    expect((await list({ list: 'bounces', createdBefore: createdAfter })).suppressions).toMatchObject([{ email: 'gone@example.org' }]);
  });

  it('are paged with the cursor as the only input', async () => {
    const first = await list({ list: 'bounces', limit: 1 });
    for (const other of [{ list: 'blocks' }, { list: 'bounces', email: 'a' }, { list: 'bounces', createdAfter: '2026-01-01T00:00:00Z' }])
      expect(await account.failure('sendgrid_list_suppressions', { cursor: first.nextCursor, ...other })).toMatch(otherList);
    expect((await list({ list: 'bounces', cursor: first.nextCursor, limit: 7 })).nextCursor).toBeUndefined();
    const second = await list({ list: 'bounces', cursor: first.nextCursor });
    expect([first, second].flatMap(({ suppressions }) => suppressions.map(({ email }) => email))).toEqual([
      'gone@example.org',
      'closed@example.org',
    ]);
    const third = await list({ list: 'bounces', cursor: second.nextCursor });
    expect(third).toEqual({ suppressions: [] });
  });

  it('are limited in number and length', async () => {
    answerWith(
      'GET /v3/suppression/blocks',
      Array.from({ length: 9 }, () => ({ email: 'a@example.org', reason: 'x'.repeat(9_000), created: null })),
    );
    expect((await list({ list: 'blocks', limit: 2 })).suppressions).toEqual([
      { email: 'a@example.org', reason: `${'x'.repeat(500)}… [8500 more characters]` },
      { email: 'a@example.org', reason: `${'x'.repeat(500)}… [8500 more characters]` },
    ]);
  });
});

describe('statistics', () => {
  const today = () => new Date().toISOString().slice(0, 10);
  interface Periods {
    readonly periods: readonly { readonly date: string; readonly metrics: Record<string, number> }[];
  }
  const stats = (args: object) => account.call<Periods>('sendgrid_get_stats', args);

  it('count e-mails by day and by category, without counts of 0', async () => {
    const mail = { subject: 'S', text: 'T' };
    await account.call('sendgrid_send_email', { ...mail, to: ['a@example.org', 'gone@example.org'], categories: ['news'] });
    await account.call('sendgrid_send_email', { ...mail, to: ['b@example.org'] });
    const range = { startDate: today(), endDate: today() };
    expect(await stats(range)).toEqual({
      periods: [{ date: today(), metrics: { bounce_drops: 1, delivered: 2, processed: 2, requests: 3 } }],
    });
    expect((await stats({ ...range, category: 'news' })).periods[0]?.metrics).toEqual({
      bounce_drops: 1,
      delivered: 1,
      processed: 1,
      requests: 2,
    });
    expect(lastQuery()).toEqual({ start_date: today(), end_date: today(), aggregated_by: 'day', categories: 'news' });
  });

  it.each([
    ['day', 31, '2026-03-01'],
    ['week', 6, '2026-02-23'],
    ['month', 1, '2026-03-01'],
  ])('are counted by %s', async (aggregatedBy, count, first) => {
    const { periods } = await stats({ startDate: '2026-03-01', endDate: '2026-03-31', aggregatedBy });
    expect([periods.length, periods[0]]).toEqual([count, { date: first, metrics: {} }]);
  });

  it.each([
    [{ startDate: '2026-03-02', endDate: '2026-03-01' }, 'endDate must not be before startDate'],
    [{ startDate: '2026-01-01', endDate: '2026-04-11' }, 'At most 100 periods in one call'],
    [{ startDate: 'yesterday', endDate: '2026-04-11' }, 'startDate'],
  ])('are refused for %j', async (args, message) => {
    expect(await account.failure('sendgrid_get_stats', args)).toContain(message);
    expect(account.sandbox.requests).toEqual([]);
  });

  it('leave out counts that are null or missing', async () => {
    answerWith('GET /v3/stats', [
      { date: '2026-03-01', stats: [{ metrics: { opens: null, clicks: 2 } }] },
      { date: '2026-03-02', stats: null },
    ]);
    expect((await stats({ startDate: '2026-03-01', endDate: '2026-03-02' })).periods).toEqual([
      { date: '2026-03-01', metrics: { clicks: 2 } },
      { date: '2026-03-02', metrics: {} },
    ]);
  });
});

it('every list refuses a forged cursor', async () => {
  for (const [tool, args] of [
    ['sendgrid_list_templates', {}],
    ['sendgrid_list_suppressions', { list: 'bounces' }],
    ['sendgrid_track_email_events', {}],
  ] as const)
    expect(await account.failure(tool, { ...args, cursor: 'e30.x' })).toMatch(/^INVALID_INPUT: This cursor does not come from this tool/);
  expect(account.sandbox.requests).toEqual([]);
});
