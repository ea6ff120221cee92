import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

describe('the data of a legacy template', () => {
  const legacy = '3f0a6c3b-2e4d-4f5a-8b7c-9d0e1f2a3b4c';
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  it('is refused, because SendGrid would ignore it', async () => {
    const data = { name: 'Ada' };
    for (const [tool, args] of [
      ['sendgrid_send_template_email', { templateId: legacy, to: ['a@example.org'], data }],
      ['sendgrid_send_bulk_emails', { templateId: legacy, messages: [{ to: 'b@example.org' }, { to: 'a@example.org', data }] }],
    ] as const)
      expect(await account.failure(tool, args)).toMatch(
        /^INVALID_INPUT: [^]*A legacy template takes no data: .* id starts with d-, or leave/,
      );
    expect(account.sandbox.requests).toEqual([]);
  });

  it('is no part of an e-mail from a legacy template without tags, which is sent', async () => {
    await account.call('sendgrid_send_template_email', { templateId: legacy, to: ['a@example.org'] });
    expect(account.sandbox.mails).toHaveLength(1);
  });

  it('is ruled out by the template’s own tool', async () => {
    const answer = await account.answer('sendgrid_get_template', { templateId: legacy });
    expect(JSON.stringify(answer.content)).toContain('This is a legacy template: data cannot fill it here.');
  });
});
