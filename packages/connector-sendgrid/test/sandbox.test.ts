import { manualClock } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSendGridSandbox, type SendGridSandbox } from '../src/sandbox.ts';

const clock = manualClock();
let sandbox: SendGridSandbox;
beforeEach(async () => {
  sandbox = await startSendGridSandbox({ clock, requestsPerMinute: 3 });
});
afterEach(() => sandbox.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly problem: string | undefined;
}

async function ask(method: string, path: string, body?: unknown, key = sandbox.config.apiKey): Promise<Answer> {
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const [error] = text === '' ? [] : ((JSON.parse(text) as { errors?: { field: string | null; message: string }[] }).errors ?? []);
  return { status: response.status, headers: response.headers, problem: error && `${error.field}: ${error.message}` };
}

const mail = {
  personalizations: [{ to: [{ email: 'ada@example.org' }] }],
  from: { email: 'sender@example.com' },
  subject: 'S',
  content: [{ type: 'text/plain', value: 'T' }],
};
const envelope = (fields: object) => ({ personalizations: [{ to: [{ email: 'ada@example.org' }], ...fields }] });

describe('the sandbox', () => {
  it('accepts a mail that SendGrid accepts', async () => {
    expect(await ask('POST', '/v3/mail/send', { ...mail, ...envelope({ cc: [{ email: 'bob@example.org' }] }) })).toMatchObject({
      status: 202,
      problem: undefined,
    });
    expect(sandbox.mails).toHaveLength(1);
  });

  it.each([
    ['no envelope', { personalizations: [] }, 'personalizations: The personalizations field is required'],
    ['no recipient', { personalizations: [{ to: [] }] }, 'personalizations.0.to: The to array is required'],
    ['a bad address', envelope({ cc: [{ email: 'x' }] }), 'personalizations.0.cc.0.email: Does not contain a valid address.'],
    [
      'a repeated address',
      envelope({ bcc: [{ email: 'ADA@example.org' }] }),
      'personalizations.0: Each email address in the personalization block should be unique between to, cc, and bcc.',
    ],
    ['a name with a comma', envelope({ cc: [{ email: 'c@example.org', name: 'a, b' }] }), 'personalizations.0.cc.0.name: '],
    ['no sender', { from: undefined }, 'from.email: The from object must be provided'],
    ['no subject', { subject: undefined }, 'subject: The subject is required.'],
    ['no content', { content: undefined }, 'content: Unless a valid template_id is provided'],
    ['an empty content', { content: [{ type: 'text/plain', value: '' }] }, 'content.0.value: '],
    [
      'plain text last',
      {
        content: [
          { type: 'text/html', value: 'T' },
          { type: 'text/plain', value: 'T' },
        ],
      },
      'content: If present, text/plain must be first',
    ],
    ['a template that does not exist', { template_id: 'd-x' }, 'template_id: '],
    ['a body of another form', { personalizations: 'x' }, 'personalizations: Bad Request'],
  ])('refuses a mail with %s', async (_, fields, problem) => {
    const answer = await ask('POST', '/v3/mail/send', { ...mail, ...fields });
    expect([answer.status, answer.problem]).toEqual([400, expect.stringContaining(problem)]);
    expect(sandbox.mails).toEqual([]);
  });

  it('refuses a sender that is not verified', async () => {
    const answer = await ask('POST', '/v3/mail/send', { ...mail, from: { email: 'other@example.com' } });
    expect([answer.status, answer.problem]).toEqual([403, expect.stringContaining('verified Sender Identity')]);
  });

  it.each([
    ['/v3/templates', 'page_size: '],
    ['/v3/templates?page_size=2&page_token=x', 'page_token: '],
    ['/v3/suppression/bounces?limit=0', 'limit: '],
    ['/v3/suppression/bounces?start_time=soon', 'start_time: '],
    ['/v3/stats', 'start_date: '],
    ['/v3/stats?start_date=2026-01-02&end_date=2026-01-01', 'end_date: '],
    ['/v3/stats?start_date=2026-01-02&aggregated_by=year', 'aggregated_by: '],
    ['/v3/categories/stats?start_date=2026-01-02', 'categories: '],
  ])('refuses %s', async (path, problem) => {
    const answer = await ask('GET', path);
    expect([answer.status, answer.problem]).toEqual([400, expect.stringContaining(problem)]);
  });

  it('checks its key and the key’s permissions', async () => {
    expect(await ask('GET', '/v3/scopes', undefined, 'SG.other')).toMatchObject({
      status: 401,
      problem: 'null: The provided authorization grant is invalid, expired, or revoked',
    });
    const other = await startSendGridSandbox({ scopes: ['templates.read'] });
    const response = await fetch(`${other.url}/v3/suppression/bounces`, { headers: { authorization: 'Bearer SG.sandbox' } });
    expect([response.status, await response.json()]).toEqual([403, { errors: [{ field: null, message: 'access forbidden', help: null }] }]);
    await other.close();
  });

  it('limits each operation separately, and states how many requests are left', async () => {
    const reset = String(clock.now() / 1_000 + 60);
    for (const left of ['2', '1', '0']) {
      const { status, headers } = await ask('GET', '/v3/suppression/bounces');
      expect([status, headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining'), headers.get('x-ratelimit-reset')]).toEqual([
        200,
        '3',
        left,
        reset,
      ]);
    }
    expect(await ask('GET', '/v3/suppression/bounces')).toMatchObject({ status: 429, problem: 'null: too many requests' });
    expect((await ask('GET', '/v3/suppression/blocks')).status).toBe(200);
    await clock.advance(60_000);
    expect((await ask('GET', '/v3/suppression/bounces')).status).toBe(200);
  });

  it('answers 404 for unknown records', async () => {
    for (const path of ['/v3/templates/d-0', '/v3/nothing']) expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('DELETE', '/v3/suppression/bounces/unknown@example.org')).status).toBe(404);
  });

  it('answers 204 when an address that is not on the list is removed from the unsubscribes', async () => {
    expect((await ask('DELETE', '/v3/asm/suppressions/global/unknown@example.org')).status).toBe(204);
  });

  it('keeps the newest 1,000 mails', async () => {
    await Promise.all(Array.from({ length: 1_002 }, () => ask('POST', '/v3/mail/send', mail)));
    expect(sandbox.mails).toHaveLength(1_000);
  });

  it('uses an adjustable clock for limits and signatures', async () => {
    const skewed = clock.now() - 600_000;
    sandbox.misbehave({ kind: 'skew', ms: -600_000 });
    const { headers } = await ask('GET', '/v3/suppression/bounces');
    expect([Date.parse(headers.get('date') ?? ''), Number(headers.get('x-ratelimit-reset')) * 1_000]).toEqual([skewed, skewed + 60_000]);
    const delivery = await sandbox.deliver([]);
    expect(Number(delivery.headers['x-twilio-email-event-webhook-timestamp']) * 1_000).toBe(skewed);
  });
});
