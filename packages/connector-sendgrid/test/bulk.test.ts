import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendgrid } from '../src/index.ts';
import { startAccount, type Account } from './start-account.ts';

interface Answer {
  readonly messageId: string;
  readonly accepted: number;
  readonly notSent: number;
  readonly recipients: readonly { readonly address: string; readonly status: string; readonly reason?: string }[];
}

const tool = 'sendgrid_send_bulk_emails';
const text = { subject: 'Hello', text: 'Hi' };
const people = (count: number) => Array.from({ length: count }, (_, index) => ({ to: `p${index}@example.org` }));

describe('sendgrid_send_bulk_emails', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const envelopes = () => account.sandbox.mails.map(({ mail }) => mail.personalizations);
  const units = (input: object) => sendgrid.tools.find(({ name }) => name === tool)?.units?.(input);

  it('sends one e-mail to each of 1,000 people in one request', async () => {
    const answer = await account.call<Answer>(tool, { messages: people(1_000), ...text });
    expect([account.sandbox.requests.length, answer.accepted, answer.notSent, answer.messageId]).toEqual([
      1,
      1_000,
      0,
      account.sandbox.mails[0]?.id,
    ]);
    expect(envelopes()[0]).toHaveLength(1_000);
    expect(answer.recipients).toHaveLength(1_000);
    expect(answer.recipients[999]).toEqual({ message: 999, field: 'to', address: 'p999@example.org', status: 'accepted' });
  });

  it.each([
    ['1,001 people', people(1_001)],
    ['1,000 people and one copy', [...people(999), { to: 'a@example.org', cc: ['b@example.org'] }]],
    ['one person and 1,000 hidden copies', [{ to: 'a@example.org', bcc: people(1_000).map(({ to }) => to) }]],
  ])('refuses %s before any request', async (_, messages) => {
    expect(await account.failure(tool, { messages, ...text })).toMatch(/^INVALID_INPUT: /);
    expect(account.sandbox.requests).toEqual([]);
  });

  it('counts copies towards the 1,000', async () => {
    const messages = [...people(998), { to: 'a@example.org', bcc: ['b@example.org'] }];
    expect(await account.call(tool, { messages, ...text })).toMatchObject({ accepted: 1_000 });
    expect(await account.failure(tool, { messages: [...messages, { to: 'c@example.org' }], ...text })).toContain(
      'A call takes at most 1,000 recipients over to, cc and bcc, and these are 1001.',
    );
  });

  it('leaves out recipients that SendGrid would refuse, says why, and sends to the others', async () => {
    const messages = [
      { to: 'Ada <ada@example.org>', cc: ['ADA@example.org', 'c@example.org'], bcc: ['no address'] },
      { to: 'b@', cc: ['d@example.org'] },
      { to: 'ada@example.org' },
      { to: 'e@example.org', bcc: ['c@example.org'] },
    ];
    const { recipients, ...answer } = await account.call<Answer>(tool, { messages, ...text });
    expect(answer).toMatchObject({ accepted: 4, notSent: 5 });
    expect(recipients).toEqual([
      { message: 0, field: 'to', address: 'Ada <ada@example.org>', status: 'accepted' },
      { message: 0, field: 'cc', address: 'ADA@example.org', status: 'not_sent', reason: 'is in this message already' },
      { message: 0, field: 'cc', address: 'c@example.org', status: 'accepted' },
      { message: 0, field: 'bcc', address: 'no address', status: 'not_sent', reason: 'cannot be an e-mail address' },
      { message: 1, field: 'to', address: 'b@', status: 'not_sent', reason: 'cannot be an e-mail address' },
      { message: 1, field: 'cc', address: 'd@example.org', status: 'not_sent', reason: 'is a copy of a message whose to was refused' },
      { message: 2, field: 'to', address: 'ada@example.org', status: 'not_sent', reason: 'is the to of an earlier message' },
      { message: 3, field: 'to', address: 'e@example.org', status: 'accepted' },
      { message: 3, field: 'bcc', address: 'c@example.org', status: 'accepted' },
    ]);
    expect(envelopes()).toEqual([
      [
        expect.objectContaining({ to: [{ email: 'ada@example.org', name: 'Ada' }], cc: [{ email: 'c@example.org' }], bcc: [] }),
        expect.objectContaining({ to: [{ email: 'e@example.org' }], cc: [], bcc: [{ email: 'c@example.org' }] }),
      ],
    ]);
    expect(units({ messages })).toBe(4);
  });

  it('sends nothing if no recipient is left, and says why', async () => {
    expect(await account.failure(tool, { messages: [{ to: 'not-an-address' }], ...text })).toContain(
      'Nothing was sent, because no recipient is valid. “not-an-address” cannot be an e-mail address.',
    );
    expect(account.sandbox.requests).toEqual([]);
    expect(units({ messages: [{ to: 'not-an-address' }] })).toBe(0);
  });

  it('fills one template for each message', async () => {
    const templateId = account.sandbox.templates[0]?.id;
    const messages = ['Ada', 'Grace'].map((name) => ({ to: `${name}@example.org`, data: { name } }));
    await account.call(tool, { messages, templateId });
    expect(envelopes()[0]?.map(({ dynamic_template_data }) => dynamic_template_data)).toEqual([{ name: 'Ada' }, { name: 'Grace' }]);
  });

  it.each([
    [
      'a template and a text',
      { templateId: 'd-1f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c', ...text },
      'Give templateId, or subject with text or html, not both',
    ],
    ['neither', {}, 'Give subject with text or html, or a templateId'],
    ['a subject alone', { subject: 'Hello' }, 'Give subject with text or html, or a templateId'],
    ['data without a template', { ...text, messages: [{ to: 'a@example.org', data: { x: 1 } }] }, 'data fills a template'],
  ])('refuses %s', async (_, input, message) => {
    expect(await account.failure(tool, { messages: people(1), ...input })).toContain(message);
    expect(account.sandbox.requests).toEqual([]);
  });
});
