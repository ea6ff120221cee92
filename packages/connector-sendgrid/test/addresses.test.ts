import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAddress, readRecipient } from '../src/addresses.ts';
import { startAccount, type Account } from './start-account.ts';

describe('an address', () => {
  it.each([
    ['ada@example.org', { email: 'ada@example.org' }],
    [' <ada@example.org> ', { email: 'ada@example.org' }],
    ['Ada Example <ada@example.org>', { name: 'Ada Example', email: 'ada@example.org' }],
    ['"Ada Example" <ada@example.org>', { name: 'Ada Example', email: 'ada@example.org' }],
    ['"Joe \\"Q\\" Public" <jane@example.org>', { name: 'Joe "Q" Public', email: 'jane@example.org' }],
    ['"A \\\\ B" <a@example.org>', { name: 'A \\ B', email: 'a@example.org' }],
    ['Joe "Q" Public <jane@example.org>', { name: 'Joe "Q" Public', email: 'jane@example.org' }],
    ['Bücher <ada@bücher.example>', { name: 'Bücher', email: 'ada@xn--bcher-kva.example' }],
    ['sales&marketing@acme.example', { email: 'sales&marketing@acme.example' }],
    ['first/last=x@acme.example', { email: 'first/last=x@acme.example' }],
    ['a..b@docomo.ne.jp', { email: 'a..b@docomo.ne.jp' }],
  ])('%j is read', (text, address) => {
    expect(readAddress(text)).toEqual(address);
    expect(readRecipient(text)).toEqual(address);
  });

  it.each([
    [`Howdy y'all :( <ada@example.org>`, `Howdy y'all :(`, `"Howdy y'all :("`],
    ['Ada (Acme) <ada@example.org>', 'Ada (Acme)', '"Ada (Acme)"'],
    ['Attn: Accounts <ada@example.org>', 'Attn: Accounts', '"Attn: Accounts"'],
    ['ada@home <ada@example.org>', 'ada@home', '"ada@home"'],
    ['Ada [1] <ada@example.org>', 'Ada [1]', '"Ada [1]"'],
    ['"A <b> C" <ada@example.org>', 'A <b> C', '"A <b> C"'],
    ['Ada 5" <ada@example.org>', 'Ada 5"', '"Ada 5\\""'],
    ['a"\\"b <ada@example.org>', 'a"\\"b', '"a\\"\\\\\\"b"'],
    ['"Joe \\"Q\\" \\\\ (x)" <ada@example.org>', 'Joe "Q" \\ (x)', '"Joe \\"Q\\" \\\\ (x)"'],
  ])('%j has its name in quotes for a recipient, because SendGrid would read another address from it', (text, name, inQuotes) => {
    expect(readAddress(text)).toEqual({ name, email: 'ada@example.org' });
    expect(readRecipient(text)).toEqual({ name: inQuotes, email: 'ada@example.org' });
  });

  it.each(['Ada <ada@example.org> <b@example.org>', 'Ada <>', 'Ada', 'a@example.org, b@example.org'])('%j is refused', (text) => {
    expect(readAddress(text)).toBe('cannot be an e-mail address');
  });

  it('is refused unread if it is longer than any address, and may have a backslash before each character of the longest name', () => {
    expect(readAddress(`"${'a'.repeat(3_000)}" <ada@example.org>`)).toBe('has more than 2296 characters');
    expect(readAddress(`"${'\\"'.repeat(998)}" <ada@example.org>`)).toEqual({ name: '"'.repeat(998), email: 'ada@example.org' });
  });

  it('may have a comma or semicolon in the name of a sender, and not of a recipient', () => {
    expect(readAddress('"Widgets, Inc." <news@acme.example>')).toEqual({ name: 'Widgets, Inc.', email: 'news@acme.example' });
    expect(readAddress('Widgets; Inc. <news@acme.example>')).toEqual({ name: 'Widgets; Inc.', email: 'news@acme.example' });
    expect(readRecipient('"Widgets, Inc." <news@acme.example>')).toContain('which SendGrid does not accept in to, cc and bcc');
  });
});

describe('the sending tools', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount({ config: { from: '"Widgets, Inc." <sender@example.com>' } });
  });
  afterEach(() => account.close());
  const mail = { to: ['a@example.org'], subject: 's', text: 't' };
  const bodies = () => account.sandbox.requests.map(({ body }) => body as { from: object; reply_to?: object });

  it('send in the name of a company with a comma, from the settings and from the call', async () => {
    await account.call('sendgrid_send_email', { ...mail, replyTo: 'Widgets, Inc. <answers@example.com>' });
    await account.call('sendgrid_send_email', { ...mail, from: 'Widgets; Inc. <sender@example.com>' });
    expect(bodies().map(({ from, reply_to }) => [from, reply_to])).toEqual([
      [
        { name: 'Widgets, Inc.', email: 'sender@example.com' },
        { name: 'Widgets, Inc.', email: 'answers@example.com' },
      ],
      [{ name: 'Widgets; Inc.', email: 'sender@example.com' }, undefined],
    ]);
  });

  it('put a recipient’s name into quotes in to, cc and bcc, and not a sender’s', async () => {
    const name = 'Ada (Acme)';
    const lists = { to: [`${name} <a@example.org>`], cc: [`${name} <b@example.org>`], bcc: [`${name} <c@example.org>`] };
    const rest = { from: `${name} <sender@example.com>`, replyTo: `${name} <d@example.org>`, subject: 's', text: 't' };
    await account.call('sendgrid_send_email', { ...lists, ...rest });
    await account.call('sendgrid_send_bulk_emails', { messages: [{ ...lists, to: lists.to[0] }], ...rest });
    const asRecipient = (email: string) => [{ name: `"${name}"`, email }];
    for (const body of bodies())
      expect(body).toMatchObject({
        personalizations: [{ to: asRecipient('a@example.org'), cc: asRecipient('b@example.org'), bcc: asRecipient('c@example.org') }],
        from: { name },
        reply_to: { name },
      });
    expect(bodies()).toHaveLength(2);
  });

  it.each([
    'sales&marketing@acme.example',
    'first/last=x@acme.example',
    'ada@xn--80ak6aa92e.xn--p1ai',
    'ada@bücher.example',
    'josé@example.com',
    'a..b@docomo.ne.jp',
  ])('leave it to SendGrid whether it takes %s', async (address) => {
    await account.call('sendgrid_send_email', { ...mail, to: [address] });
    await account.call('sendgrid_send_bulk_emails', { messages: [{ to: address }], subject: 's', text: 't' });
    await account.call('sendgrid_remove_suppression', { list: 'bounces', email: address });
    await account.call('sendgrid_track_email_events', { email: address });
    expect(account.sandbox.mails.map(({ mail: { personalizations } }) => personalizations[0]?.to)).toEqual([
      [{ email: address.replace('bücher', 'xn--bcher-kva') }],
      [{ email: address.replace('bücher', 'xn--bcher-kva') }],
    ]);
  });
});
