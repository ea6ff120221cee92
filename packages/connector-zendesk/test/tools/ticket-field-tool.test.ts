import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

interface Page {
  readonly fields: { readonly id: number; readonly title: string; readonly options?: { readonly value: string }[] }[];
  readonly nextCursor?: string;
}

describe('zendesk_list_ticket_fields', () => {
  let account: Account;

  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const list = (args: object) => account.call<Page>('zendesk_list_ticket_fields', args);
  const sent = () => account.sandbox.requests.filter(({ path }) => path.startsWith('/api/')).length;
  const modelField = async () => (await list({})).fields.find(({ title }) => title === 'Model')?.id;

  it('returns ids, types and the number of choices, without the choices', async () => {
    const { fields, nextCursor } = await list({});
    expect(fields).toContainEqual({
      id: expect.any(Number),
      title: 'Model',
      type: 'tagger',
      active: true,
      required: false,
      custom: true,
      optionCount: 120,
    });
    expect(fields).toContainEqual({
      id: expect.any(Number),
      title: 'Subject',
      type: 'subject',
      active: true,
      required: true,
      custom: false,
    });
    expect(fields).toContainEqual(expect.objectContaining({ title: 'Call back', active: false }));
    expect(nextCursor).toBeUndefined();
  });

  it('returns descriptions, patterns and the first 20 choices with detail "full"', async () => {
    const { fields } = await list({ detail: 'full' });
    expect(fields.find(({ title }) => title === 'Model')).toMatchObject({
      description: 'The machine that the ticket is about',
      optionCount: 120,
    });
    expect(fields.find(({ title }) => title === 'Model')?.options).toHaveLength(20);
    expect(fields.find(({ title }) => title === 'Priority')?.options).toContainEqual({ name: 'Urgent', value: 'urgent' });
    expect(fields.find(({ title }) => title === 'Order number')).toMatchObject({ pattern: String.raw`\A\d{6}\z` });
  });

  it('returns one field in full, or its summary if asked for it, and refuses the cursor of another list', async () => {
    const fieldId = (await modelField()) ?? 0;
    const { nextCursor } = await list({ fieldId });
    expect((await list({ fieldId, detail: 'summary' })).fields[0]).not.toHaveProperty('options');
    for (const other of [{ fieldId: fieldId + 1 }, { detail: 'summary' }])
      expect(await account.failure('zendesk_list_ticket_fields', { cursor: nextCursor, ...other })).toMatch(
        /^INVALID_INPUT: The cursor belongs to another list/,
      );
  });

  it('returns all choices of one field, 100 at a time', async () => {
    const first = await list({ fieldId: await modelField() });
    expect(first.fields).toHaveLength(1);
    const second = await list({ cursor: first.nextCursor });
    const values = [first, second].flatMap(({ fields }) => fields[0]?.options?.map(({ value }) => value) ?? []);
    expect([first.fields[0]?.options?.length, values.length, values[0], values.at(-1)]).toEqual([100, 120, 'model_1', 'model_120']);
    expect(second.nextCursor).toBeUndefined();
  });

  it.each([
    ['summary', 100],
    ['full', 25],
  ])('pages through many fields, in %s %i at a time', async (detail, size) => {
    const page = (id: number, more: boolean) =>
      account.sandbox.misbehave({
        kind: 'status',
        status: 200,
        body: { ticket_fields: [{ id }], meta: { has_more: more, after_cursor: more ? 'next' : null } },
        match: 'GET /api/v2/ticket_fields',
      });
    page(1, true);
    const first = await list({ detail });
    expect(account.sandbox.requests.at(-1)?.query.get('page[size]')).toBe(String(size));
    page(2, false);
    const second = await list({ cursor: first.nextCursor });
    expect(Object.fromEntries(account.sandbox.requests.at(-1)?.query ?? [])).toEqual({ 'page[size]': String(size), 'page[after]': 'next' });
    expect([first.fields[0]?.id, second.fields[0]?.id, second.nextCursor]).toEqual([1, 2, undefined]);
  });

  it('sends one request until a write or an event from Zendesk clears the cache', async () => {
    await list({});
    await list({});
    expect(sent()).toBe(1);
    await account.call('zendesk_apply_tags', { ticketId: 1, tags: ['x'] });
    await list({});
    expect(sent()).toBe(3);
    await account.deliver(await account.sandbox.delivery({ type: 'zen:event-type:ticket.tags_changed', subject: 'zen:ticket:1' }));
    await list({});
    await list({});
    expect(sent()).toBe(4);
  });
});
