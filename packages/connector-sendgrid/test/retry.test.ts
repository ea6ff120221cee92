import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAccount, type Account } from './start-account.ts';

const sendRoute = 'POST /v3/mail/send';
const removeRoute = 'DELETE /v3/suppression/bounces/{email}';
const listRoute = 'GET /v3/suppression/bounces';

const mail = { to: ['ada@example.org'], subject: 'Once', text: 'and only once' };
const template = 'd-1f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c';
const sendings: [tool: string, args: object][] = [
  ['sendgrid_send_email', mail],
  ['sendgrid_send_template_email', { to: ['ada@example.org'], templateId: template }],
  ['sendgrid_send_bulk_emails', { messages: [{ to: 'ada@example.org' }, { to: 'b@example.org' }], subject: 'Once', text: 'Hi' }],
];

describe('the SendGrid tools', () => {
  let account: Account;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  const sent = (route: string) => account.sandbox.requests.filter((request) => request.route === route);
  const keyIn = (body: unknown) =>
    (body as { personalizations: { custom_args: { busbar_key: string } }[] }).personalizations[0]?.custom_args.busbar_key;

  describe.each(sendings)('do not repeat a %s', (tool, args) => {
    it.each([['lose'], ['reset'], ['hang']] as const)('whose answer is hit by "%s": its outcome is unknown', async (kind) => {
      account.sandbox.misbehave({ kind, match: sendRoute });
      const caller = new AbortController();
      const failing = account.failure(tool, args, { signal: caller.signal });
      const { body } = await account.sandbox.received(sendRoute);
      if (kind === 'hang') caller.abort();
      const failure = await failing;
      expect(failure).toMatch(/^OUTCOME_UNKNOWN: POST \/v3\/mail\/send may or may not have happened\./);
      expect(failure).toContain(
        `Do not send it again yet. Look in some minutes with sendgrid_track_email_events (sendKey "${keyIn(body)}"): any event there means that SendGrid accepted it.`,
      );
      account.sandbox.recover();
      expect(sent(sendRoute)).toHaveLength(1);
    });

    it.each([500, 502, 503, 408])('that is answered %i, because SendGrid may have accepted it', async (status) => {
      account.sandbox.misbehave({ kind: 'status', status, match: sendRoute });
      expect(await account.failure(tool, args)).toMatch(/^OUTCOME_UNKNOWN: /);
      expect(sent(sendRoute)).toHaveLength(1);
    });

    it('that is answered with the page of a proxy', async () => {
      account.sandbox.misbehave({ kind: 'html', match: sendRoute });
      expect(await account.failure(tool, args)).toMatch(/^OUTCOME_UNKNOWN: /);
      expect([sent(sendRoute).length, account.sandbox.mails.length]).toEqual([1, 0]);
    });
  });

  it.each(sendings)('repeat a %s that is answered 429, because SendGrid did not accept it', async (tool, args) => {
    account.sandbox.misbehave({ kind: 'status', status: 429, headers: { 'retry-after': '0' }, match: sendRoute });
    await account.call(tool, args);
    expect([sent(sendRoute).length, account.sandbox.mails.length]).toEqual([2, 1]);
    expect(keyIn(sent(sendRoute)[1]?.body)).toBe(keyIn(sent(sendRoute)[0]?.body));
  });

  it('do not repeat a request that SendGrid refused', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 400, body: { errors: [{ message: 'Bad', field: 'x' }] }, match: sendRoute });
    expect(await account.failure('sendgrid_send_email', mail)).toMatch(/^UPSTREAM_REJECTED: .* SendGrid says: x: Bad\./);
    expect(sent(sendRoute)).toHaveLength(1);
  });

  it('do not repeat a removal whose answer is lost, and say how to check', async () => {
    account.sandbox.misbehave({ kind: 'lose', match: removeRoute });
    const failure = await account.failure('sendgrid_remove_suppression', { list: 'bounces', email: 'gone@example.org' });
    expect(failure).toMatch(/^OUTCOME_UNKNOWN: /);
    expect(failure).toContain('Look with sendgrid_list_suppressions (list "bounces", this address)');
    expect([sent(removeRoute).length, account.sandbox.suppressed('bounces').length]).toEqual([1, 1]);
  });

  it('repeat a read after failures and broken answers', async () => {
    account.sandbox.misbehave({ kind: 'status', status: 500, match: listRoute });
    account.sandbox.misbehave({ kind: 'truncate', match: listRoute });
    account.sandbox.misbehave({ kind: 'lose', match: listRoute });
    expect(await account.call('sendgrid_list_suppressions', { list: 'bounces' })).toMatchObject({ suppressions: [{}, {}] });
    expect(sent(listRoute)).toHaveLength(4);
  });

  it('find an e-mail whose answer was lost by its key', async () => {
    account.sandbox.misbehave({ kind: 'lose', match: sendRoute });
    const failure = await account.failure('sendgrid_send_email', mail);
    const [, sendKey] = /sendKey "([^"]+)"/.exec(failure) ?? [];
    await account.call('sendgrid_send_email', mail);
    const events = account.sandbox.mails.flatMap((mail) => account.sandbox.eventsOf(mail));
    await account.deliver(await account.sandbox.deliver(events));
    expect(await account.call('sendgrid_track_email_events', { sendKey })).toMatchObject({
      events: [
        { event: 'processed', messageId: account.sandbox.mails[0]?.id },
        { event: 'delivered', messageId: account.sandbox.mails[0]?.id },
      ],
    });
  });

  it('say where a person can check if the connection receives no events', async () => {
    const other = await startAccount({ config: { webhookKey: undefined } });
    other.sandbox.misbehave({ kind: 'lose', match: sendRoute });
    expect(await other.failure('sendgrid_send_email', mail)).toContain(
      'Do not send it again before someone has looked in SendGrid’s Activity Feed',
    );
    await other.close();
  });
});
