import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';
import { readAnswer, vendorDataIsHere } from './vendor-data.ts';

// The recorded delivery of the Event Webhook is in webhook.test.ts.
describe.skipIf(!vendorDataIsHere)('the answer that SendGrid gave to a mail', () => {
  let account: Account;
  beforeAll(async () => {
    account = await startAccount();
  });
  afterAll(() => account.close());

  const mail = { to: ['ada@example.org'], subject: 'S', text: 'T' };

  it('is read into the message id', async () => {
    const { status, headers, body } = readAnswer('mail-send-202');
    account.sandbox.misbehave({ kind: 'status', status, headers, body });
    expect(await account.call('sendgrid_send_email', mail)).toEqual({ messageId: headers['x-message-id'], recipients: 1 });
  });

  it('is like the sandbox’s: empty, with an id of that form, and without a word of limits', async () => {
    const real = readAnswer('mail-send-202');
    const response = await fetch(`${account.sandbox.url}/v3/mail/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${account.sandbox.config.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        personalizations: [{ to: [{ email: 'ada@example.org' }] }],
        from: { email: 'sender@example.com' },
        subject: 'S',
        content: [{ type: 'text/plain', value: 'T' }],
      }),
    });
    expect([response.status, await response.text()]).toEqual([real.status, real.body]);
    expect(Object.keys(real.headers).filter((name) => !response.headers.has(name))).toEqual([]);
    expect([...response.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    expect(response.headers.get('x-message-id')).toHaveLength(real.headers['x-message-id']?.length ?? 0);
  });
});
