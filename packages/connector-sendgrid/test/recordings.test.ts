import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';
import { readRecordings, recordingNames, vendorDataIsHere, type Recording } from '../../../test/vendor-descriptions/vendor-data.ts';

describe.skipIf(!vendorDataIsHere)('the answer that SendGrid gave to a mail', () => {
  let account: Account;
  beforeAll(async () => {
    account = await startAccount();
  });
  afterAll(() => account.close());

  const recorded = (): Recording['response'] => {
    const recording = readRecordings('sendgrid').get('mail-send-202');
    if (!recording) throw new Error('There is no recording mail-send-202');
    return recording.response;
  };
  const mail = { to: ['ada@example.org'], subject: 'S', text: 'T' };

  it('yields the message id', async () => {
    const { status, headers, body } = recorded();
    account.sandbox.misbehave({ kind: 'status', status, headers, body });
    expect(await account.call('sendgrid_send_email', mail)).toEqual({ messageId: headers['x-message-id'], recipients: 1 });
    const [template] = account.sandbox.templates;
    account.sandbox.misbehave({ kind: 'status', status, headers, body });
    expect(await account.call('sendgrid_send_template_email', { to: ['ada@example.org'], templateId: template?.id })).toMatchObject({
      messageId: headers['x-message-id'],
    });
    account.sandbox.misbehave({ kind: 'status', status, headers, body });
    expect(
      await account.call('sendgrid_send_bulk_emails', { messages: [{ to: 'ada@example.org' }], subject: 'S', text: 'T' }),
    ).toMatchObject({
      messageId: headers['x-message-id'],
    });
  });

  it('is the only recording of SendGrid, besides a delivery of its webhook', () => {
    // The delivery is in webhook.test.ts.
    expect(recordingNames('sendgrid')).toEqual(['mail-send-202', 'webhook-signed-single']);
  });

  it('is like the sandbox’s: empty, with an id of the same form, and without limit headers', async () => {
    const real = recorded();
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
