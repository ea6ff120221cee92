import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sendgrid } from '../src/index.ts';
import { startAccount, type Account } from './start-account.ts';

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `p${from + index}@example.org`);

describe('sending one e-mail', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const mail = { to: ['Ada Example <ada@example.org>'], subject: 'Hello', text: 'Hi' };
  const sent = () => account.sandbox.requests.map(({ body }) => body);

  it('sends the given content from the connection’s sender, and returns the message id', async () => {
    const answer = await account.call('sendgrid_send_email', {
      ...mail,
      cc: ['c@example.org'],
      bcc: ['d@example.org'],
      html: '<p>Hi</p>',
      replyTo: 'answers@example.com',
    });
    expect(answer).toEqual({ messageId: account.sandbox.mails[0]?.id, recipients: 3 });
    expect(answer['messageId']).toMatch(/^[\w-]{22}$/);
    expect(sent()).toEqual([
      {
        personalizations: [
          {
            to: [{ email: 'ada@example.org', name: 'Ada Example' }],
            cc: [{ email: 'c@example.org' }],
            bcc: [{ email: 'd@example.org' }],
            custom_args: { busbar_key: expect.stringMatching(/^[a-z0-9-]{1,36}$/) },
          },
        ],
        from: { email: 'sender@example.com' },
        reply_to: { email: 'answers@example.com' },
        subject: 'Hello',
        content: [
          { type: 'text/plain', value: 'Hi' },
          { type: 'text/html', value: '<p>Hi</p>' },
        ],
      },
    ]);
  });

  it.each(['\r\nBcc: evil@example.org', '\n', '\u0000', '\u0085', '\u2028', '\u001b[2J'])(
    'refuses %j in all that becomes a header',
    async (text) => {
      for (const change of [
        { subject: `a${text}b` },
        { to: [`Ada${text}Example <ada@example.org>`] },
        { cc: [`ada@example.org${text}x`] },
        { from: `S${text}S <sender@example.com>` },
        { replyTo: `R${text}R <answers@example.com>` },
        { categories: [`a${text}b`] },
      ])
        expect(await account.failure('sendgrid_send_email', { ...mail, ...change })).toMatch(/^INVALID_INPUT: [^]*control character/);
      expect(sent()).toEqual([]);
    },
  );

  it('fills a template', async () => {
    const templateId = account.sandbox.templates[0]?.id;
    await account.call('sendgrid_send_template_email', { to: ['ada@example.org'], templateId, data: { name: 'Ada' } });
    expect(sent()).toEqual([
      expect.objectContaining({
        template_id: templateId,
        personalizations: [expect.objectContaining({ dynamic_template_data: { name: 'Ada' } })],
      }),
    ]);
    expect(sent()[0]).not.toHaveProperty('content');
  });

  it('sends at a given time, with a category and an unsubscribe group', async () => {
    const sendAt = inHours(71);
    await account.call('sendgrid_send_email', { ...mail, sendAt, categories: ['a', 'b'], unsubscribeGroupId: 7 });
    const at = Math.floor(Date.parse(sendAt) / 1_000);
    expect(sent()).toEqual([expect.objectContaining({ send_at: at, categories: ['a', 'b'], asm: { group_id: 7 } })]);
  });

  it.each([
    ['an invalid address', { to: ['ada'] }, '“ada” cannot be an e-mail address. Write name@example.com'],
    ['a name that SendGrid would split', { to: ['Example, Ada <ada@example.org>'] }, 'has a name with ; or , in it'],
    ['an address that is repeated in upper case', { cc: ['ADA@example.org'] }, 'Name ADA@example.org only once in to, cc and bcc'],
    ['no recipient', { to: [] }, 'to'],
    ['nothing to say', { text: undefined }, 'Give text, html or both'],
    ['a repeated category', { categories: ['a', 'a'] }, 'Name each category once'],
    ['eleven categories', { categories: many(11) }, 'categories'],
    ['a time in the past', { sendAt: inHours(-1) }, 'sendAt must be within the next 72 hours. Nothing was sent.'],
    ['a time after 72 hours', { sendAt: inHours(73) }, 'sendAt must be within the next 72 hours. Nothing was sent.'],
    [
      '1,001 recipients over to, cc and bcc',
      { to: many(500), cc: many(500, 500), bcc: many(1, 1_000) },
      'A call takes at most 1,000 recipients over to, cc and bcc, and these are 1001. Split them over several calls',
    ],
  ])('sends nothing for %s', async (_, input, message) => {
    const failure = await account.failure('sendgrid_send_email', { ...mail, ...input });
    expect(failure).toMatch(/^INVALID_INPUT: /);
    expect(failure).toContain(message);
    expect(sent()).toEqual([]);
  });

  it('accepts 1,000 recipients, and counts each as a unit', async () => {
    const people = { to: many(400), cc: many(400, 400), bcc: many(200, 800) };
    expect(await account.call('sendgrid_send_email', { ...mail, ...people })).toMatchObject({ recipients: 1_000 });
    const units = (name: string, input: object) => sendgrid.tools.find((tool) => tool.name === name)?.units?.(input);
    for (const name of ['sendgrid_send_email', 'sendgrid_send_template_email']) expect(units(name, { ...mail, ...people })).toBe(1_000);
    expect(units('sendgrid_send_email', mail)).toBe(1);
  });

  it('says what to do if SendGrid has not verified the sender', async () => {
    expect(await account.failure('sendgrid_send_email', { ...mail, from: 'other@example.com' })).toMatch(
      /^FORBIDDEN: Nothing was sent, because SendGrid has not verified the sender\. SendGrid says: from: The from address does not match .* Use a verified from address/,
    );
  });

  it('requires a sender from the connection or the call', async () => {
    const other = await startAccount({ config: { from: undefined } });
    expect(await other.failure('sendgrid_send_email', mail)).toContain('Give from: this connection has no sender of its own.');
    expect(other.sandbox.requests).toEqual([]);
    await other.call('sendgrid_send_email', { ...mail, from: 'sender@example.com' });
    await other.close();
  });

  it('uses the EU host if the connection’s region is eu', async () => {
    const eu = await startAccount({ config: { region: 'eu' } });
    await eu.call('sendgrid_send_email', mail);
    await account.call('sendgrid_send_email', mail);
    const hosts = [eu, account].map(({ sandbox }) => sandbox.requests[0]?.headers['host']);
    expect(hosts).toEqual(['api.eu.sendgrid.com', 'api.sendgrid.com']);
    await eu.close();
  });
});
