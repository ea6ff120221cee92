import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

const mail = { to: ['ada@example.org'], subject: 'S', text: 'T' };
const calls = [
  ['sendgrid_list_templates', {}],
  ['sendgrid_send_email', mail],
  ['sendgrid_send_bulk_emails', { messages: [{ to: 'ada@example.org' }], subject: 'S', text: 'T' }],
  ['sendgrid_remove_suppression', { list: 'bounces', email: 'ada@example.org' }],
] as const;

describe('a SendGrid that points to another host', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  describe.each([301, 302, 307, 308])('with %i', (status) => {
    it.each(calls)('has not carried out %s, and the error names the host', async (tool, args) => {
      account.sandbox.misbehave({ kind: 'status', status, headers: { location: 'https://api.eu.sendgrid.com/v3/x?key=1' }, times: 10 });
      const failure = await account.failure(tool, args);
      expect(failure).toMatch(/^CONNECTION_INVALID: api\.sendgrid\.com did nothing, and points to api\.eu\.sendgrid\.com: /);
      expect(failure).not.toMatch(/Activity Feed|track_email_events|key=1/);
      expect(account.sandbox.requests).toHaveLength(1);
    });
  });
});
