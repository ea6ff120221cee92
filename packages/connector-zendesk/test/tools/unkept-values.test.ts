import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from '../start-account.ts';

let account: Account;
beforeEach(async () => {
  account = await startAccount();
});
afterEach(() => account.close());

/** Changes what Zendesk returns after a write. */
const returnInstead = (match: string, part: string, fields: object) =>
  account.sandbox.misbehave({
    kind: 'change',
    match,
    change: (answer) => {
      const body = answer.body as Record<string, object>;
      return { ...answer, body: { ...body, [part]: { ...body[part], ...fields } } };
    },
  });

async function warningsOf(tool: string, args: object): Promise<string[]> {
  const { content, isError } = await account.answer(tool, args);
  expect(isError ?? false).toBe(false);
  return content.slice(1).map((part) => (part.type === 'text' ? part.text : ''));
}

const update = 'PUT /api/v2/tickets/{id}';
const create = 'POST /api/v2/tickets';
const put = 'POST /api/v2/users/create_or_update';

describe('a value that Zendesk drops from a write that succeeds', () => {
  it.each([
    ['a choice that the field does not offer', { custom_fields: [{ id: 7, value: null }] }, 'customFields 7 is empty, not "Modelo"'],
    ['a field that the account does not have', { custom_fields: [] }, 'customFields 7 is empty, not "Modelo"'],
    ['a value that a rule changes', { custom_fields: [{ id: 7, value: 'other' }] }, 'customFields 7 is "other", not "Modelo"'],
  ])('is named: %s', async (_, returned, problem) => {
    const customFields = [{ id: 7, value: 'Modelo' }];
    for (const [match, tool, args] of [
      [create, 'zendesk_create_ticket', { subject: 's', body: 'b' }],
      [update, 'zendesk_update_ticket', { ticketId: 1 }],
    ] as const) {
      returnInstead(match, 'ticket', returned);
      expect(await warningsOf(tool, { ...args, customFields })).toEqual([
        expect.stringMatching(`^Warning: Zendesk did not keep all values: ${problem}\\. A rule [^]*zendesk_list_ticket_fields`),
      ]);
    }
  });

  it.each([
    [{ organizationId: 5 }, { organization_id: 6 }, 'organizationId is "6", not "5"'],
    [{ assigneeEmail: 'agent@example.com' }, { assignee_id: null }, 'assigneeEmail is empty, not "agent@example.com"'],
    [{ addTags: ['one', 'two'] }, { tags: ['two'] }, 'tags lack "one"'],
    [{ clear: ['assignee'] }, { assignee_id: 9 }, 'assigneeId is "9", not empty'],
    [{ customFields: [{ id: 7, value: false }] }, { custom_fields: [{ id: 7, value: true }] }, 'customFields 7 is "true", not "false"'],
  ])('is named for %j', async (args, returned, problem) => {
    returnInstead(update, 'ticket', returned);
    expect(await warningsOf('zendesk_update_ticket', { ticketId: 1, ...args })).toEqual([expect.stringContaining(`values: ${problem}.`)]);
  });

  it('is named for a tag with characters that Zendesk leaves out', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 200, match: 'PUT /api/v2/tickets/{id}/tags', body: { tags: ['urgent'] } });
    expect(await warningsOf('zendesk_apply_tags', { ticketId: 1, tags: ['urgent', 'now!'] })).toEqual([
      'Warning: Zendesk did not keep all values: tags lack "now!". A rule of the account may have removed them, or Zendesk does not take all of their characters.',
    ]);
  });

  it('is named among 150,000 tags in an answer, in less than two seconds of CPU time', async () => {
    const tags = Array.from({ length: 150_000 }, (_, index) => `Tag ${index}`);
    account.sandbox.misbehave({ kind: 'status', status: 200, match: 'PUT /api/v2/tickets/{id}/tags', body: { tags } });
    const given = Array.from({ length: 100 }, (_, index) => `new-${index}`);
    const before = process.cpuUsage();
    expect(await warningsOf('zendesk_apply_tags', { ticketId: 1, tags: given })).toEqual([expect.stringContaining('tags lack "new-0, ')]);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });

  it('is named for a user whose phone number or address was added beside the main one', async () => {
    await account.call('zendesk_create_or_update_user', { externalId: 'crm-1', email: 'new@example.org', name: 'New', phone: '+15550001' });
    returnInstead(put, 'user', { phone: '+15550001', tags: [] });
    const args = { externalId: 'crm-1', email: 'newer@example.org', phone: '+15550002', tags: ['vip'] };
    expect(await warningsOf('zendesk_create_or_update_user', args)).toEqual([
      expect.stringContaining(
        'values: email is "new@example.org", not "newer@example.org"; phone is "+15550001", not "+15550002"; tags lack "vip". Zendesk adds a new phone number',
      ),
    ]);
  });

  it('is one of three that are named, and of all that are counted', async () => {
    const customFields = Array.from({ length: 30 }, (_, id) => ({ id: 360_000_000_000 + id, value: 'x'.repeat(500) }));
    returnInstead(update, 'ticket', { custom_fields: customFields.map(({ id }) => ({ id, value: 'y'.repeat(500) })) });
    const [warning = '', ...more] = await warningsOf('zendesk_update_ticket', { ticketId: 1, customFields });
    expect(more).toEqual([]);
    expect(warning).toContain('(and 27 more). A rule');
    expect(warning).toMatch(/what a field takes\.$/);
  });
});

describe('a value that Zendesk writes in its own way', () => {
  it.each([
    ['Modelo', 'modelo'],
    ['12.50', 12.5],
    ['a  text\r\nof two lines', 'a text\nof two lines'],
    [
      ['b', 'a'],
      ['a', 'b'],
    ],
    [false, null],
    [true, true],
    ['', null],
  ])('counts as kept: %j as %j', async (value, returned) => {
    returnInstead(update, 'ticket', { custom_fields: [{ id: 7, value: returned }] });
    expect(await warningsOf('zendesk_update_ticket', { ticketId: 1, customFields: [{ id: 7, value }] })).toEqual([]);
  });

  it('counts as kept: a time in another zone, and a phone number without its separators', async () => {
    returnInstead(update, 'ticket', { due_at: '2026-03-01T09:30:00Z' });
    const due = { ticketId: 1, type: 'task', dueAt: '2026-03-01T10:30:00.000+01:00' };
    expect(await warningsOf('zendesk_update_ticket', due)).toEqual([]);
    returnInstead(put, 'user', { phone: '+15550002' });
    expect(await warningsOf('zendesk_create_or_update_user', { email: 'ada@example.com', phone: '+1 (555) 00-02' })).toEqual([]);
  });
});

describe('a public comment of an agent who may not write public comments', () => {
  const asNote = (match: string, isPublic: unknown) =>
    returnInstead(match, 'audit', { events: [{ id: 5, type: 'Comment', public: isPublic }] });

  it('is reported as the internal note that Zendesk made of it', async () => {
    asNote(update, false);
    const { structuredContent, content } = await account.answer('zendesk_add_comment', { ticketId: 1, body: 'Done', public: true });
    expect(structuredContent).toMatchObject({ public: false, commentId: 5 });
    expect(content.at(-1)).toMatchObject({ text: expect.stringMatching(/^Warning: Zendesk kept this comment as an internal note/) });
    asNote(create, false);
    expect(await warningsOf('zendesk_create_ticket', { subject: 's', body: 'b' })).toEqual([
      expect.stringContaining('kept this comment as an internal note'),
    ]);
  });

  it.each([
    [true, true, true, []],
    [false, true, true, ['Warning: Zendesk made this comment public: the requester sees it.']],
    [true, null, true, []],
    [false, 'no', false, []],
  ])('differs from others: meant %j, written %j', async (meant, written, shown, warnings) => {
    asNote(update, written);
    const { structuredContent, content } = await account.answer('zendesk_add_comment', { ticketId: 1, body: 'Done', public: meant });
    expect(structuredContent).toMatchObject({ public: shown });
    expect(content.slice(1).map((part) => (part.type === 'text' ? part.text : ''))).toEqual(warnings);
  });
});
