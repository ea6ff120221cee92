import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJudge, type JudgedRequest, type Verdict } from '../../connector-zendesk/test/request-judge.ts';
import { startAccount, type Account } from './start-account.ts';
import { readDescription, vendorDataIsHere } from './vendor-data.ts';

describe.skipIf(!vendorDataIsHere)('every request, held against SendGrid’s own description', () => {
  let account: Account;
  let judge: (request: JudgedRequest) => Verdict;

  /** Makes the connector send every kind of request that it knows, with every field that it knows. */
  beforeAll(async () => {
    judge = createJudge(readDescription(), {});
    account = await startAccount();
    const [dynamic] = account.sandbox.templates;
    const delivery = {
      from: 'Sender <sender@example.com>',
      replyTo: 'answers@example.com',
      categories: ['news'],
      sendAt: new Date(Date.now() + 3_600_000).toISOString(),
      unsubscribeGroupId: 7,
    };
    const people = { to: ['Ada <ada@example.org>', 'b@example.org'], cc: ['c@example.org'], bcc: ['d@example.org'] };
    const data = { name: 'Ada', items: [{ price: 1 }] };
    await account.call('sendgrid_send_email', { ...people, ...delivery, subject: 'S', text: 'T', html: '<p>T</p>' });
    await account.call('sendgrid_send_email', { to: ['ada@example.org'], subject: 'S', text: 'T' });
    await account.call('sendgrid_send_template_email', { ...people, ...delivery, templateId: dynamic?.id, data });
    await account.call('sendgrid_send_bulk_emails', {
      ...delivery,
      templateId: dynamic?.id,
      messages: [
        { to: 'Ada <ada@example.org>', cc: ['c@example.org'], bcc: ['d@example.org'], data },
        { to: 'b@example.org', data },
      ],
    });
    const { nextCursor } = await account.call('sendgrid_list_templates', { generation: 'all', limit: 1 });
    await account.call('sendgrid_list_templates', { cursor: nextCursor });
    await account.call('sendgrid_get_template', { templateId: dynamic?.id });
    for (const list of ['bounces', 'blocks', 'invalid_emails', 'spam_reports', 'unsubscribes']) {
      await account.call('sendgrid_list_suppressions', {
        list,
        email: 'a',
        createdAfter: '2026-01-01T00:00:00Z',
        createdBefore: '2027-01-01T00:00:00Z',
      });
      await account.call('sendgrid_remove_suppression', { list, email: 'gone+1@example.org' });
    }
    const page = await account.call('sendgrid_list_suppressions', { list: 'bounces', limit: 1 });
    await account.call('sendgrid_list_suppressions', { list: 'bounces', cursor: page['nextCursor'] });
    const range = { startDate: '2026-03-01', endDate: '2026-03-02' };
    for (const aggregatedBy of ['day', 'week', 'month']) await account.call('sendgrid_get_stats', { ...range, aggregatedBy });
    await account.call('sendgrid_get_stats', { ...range, category: 'news' });
    await account.host.check(account.connection);
  });
  afterAll(() => account.close());

  const operations = [
    'DELETE /v3/asm/suppressions/global/{email}',
    'DELETE /v3/suppression/blocks/{email}',
    'DELETE /v3/suppression/bounces/{email}',
    'DELETE /v3/suppression/invalid_emails/{email}',
    'DELETE /v3/suppression/spam_reports/{email}',
    'GET /v3/categories/stats',
    'GET /v3/scopes',
    'GET /v3/stats',
    'GET /v3/suppression/blocks',
    'GET /v3/suppression/bounces',
    'GET /v3/suppression/invalid_emails',
    'GET /v3/suppression/spam_reports',
    'GET /v3/suppression/unsubscribes',
    'GET /v3/templates',
    'GET /v3/templates/{template_id}',
    'POST /v3/mail/send',
  ];
  const sentFor = (operation: string): JudgedRequest[] =>
    account.sandbox.requests.filter((request) => judge(request).operation === operation);

  it('is as the description has it', () => {
    expect(
      account.sandbox.requests.flatMap((request) =>
        judge(request).violations.map((violation) => `${request.method} ${request.path}: ${violation}`),
      ),
    ).toEqual([]);
  });

  it('has an operation there, and each that the connector uses was judged', () => {
    expect(new Set(account.sandbox.requests.map((request) => judge(request).operation))).toEqual(new Set(operations));
  });

  describe('by a judge that judges', () => {
    const refused = (request: JudgedRequest) => judge(request).violations.length > 0;
    const withQuery = (request: JudgedRequest, change: (query: URLSearchParams) => void): JudgedRequest => {
      const query = new URLSearchParams(request.query);
      change(query);
      return { ...request, query };
    };

    it('refuses a parameter that no operation has', () => {
      for (const operation of operations) {
        for (const request of sentFor(operation))
          expect([operation, refused(withQuery(request, (query) => query.set('colour', 'red')))]).toEqual([operation, true]);
      }
    });

    it.each([
      ['GET /v3/templates', 'page_size'],
      ['GET /v3/stats', 'start_date'],
      ['GET /v3/categories/stats', 'categories'],
    ])('refuses %s without %s', (operation, name) => {
      for (const request of sentFor(operation)) expect(refused(withQuery(request, (query) => query.delete(name)))).toBe(true);
    });

    it.each([
      ['GET /v3/templates', 'page_size', '201'],
      ['GET /v3/templates', 'generations', 'new'],
      ['GET /v3/suppression/bounces', 'limit', '501'],
      ['GET /v3/suppression/bounces', 'start_time', 'soon'],
      ['GET /v3/stats', 'aggregated_by', 'year'],
    ])('refuses %s with %s %s', (operation, name, value) => {
      for (const request of sentFor(operation)) expect(refused(withQuery(request, (query) => query.set(name, value)))).toBe(true);
    });

    it('refuses an address in a path that is none', () => {
      for (const request of sentFor('DELETE /v3/suppression/bounces/{email}'))
        expect(refused({ ...request, path: '/v3/suppression/bounces/nobody' })).toBe(true);
    });

    it('refuses every single field of a mail that has the wrong type, or is unknown', () => {
      let mutations = 0;
      for (const request of sentFor('POST /v3/mail/send')) {
        for (const [path, body] of mutants(request.body)) {
          mutations += 1;
          expect([path, refused({ ...request, body })]).toEqual([path, true]);
        }
      }
      expect(mutations).toBeGreaterThan(100);
    });

    it('refuses a mail without its envelopes, its sender or a recipient', () => {
      for (const request of sentFor('POST /v3/mail/send')) {
        const body = request.body as { personalizations: object[] };
        for (const field of ['personalizations', 'from']) expect(refused({ ...request, body: { ...body, [field]: undefined } })).toBe(true);
        const [first, ...others] = body.personalizations;
        expect(refused({ ...request, body: { ...body, personalizations: [{ ...first, to: undefined }, ...others] } })).toBe(true);
      }
    });
  });
});

/** What a caller puts into free-form maps is nobody's to judge. */
const free = new Set(['dynamic_template_data', 'custom_args']);

/** The body with one field at a time made an array of arrays, which nothing in it is, or given a key that is not known. */
function* mutants(body: unknown, path: readonly (string | number)[] = []): Generator<[path: string, body: unknown]> {
  const here = path.reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], body);
  if (path.length > 0) yield [path.join('.'), replaced(body, path, [[0]])];
  if (typeof here !== 'object' || here === null || free.has(String(path.at(-1)))) return;
  if (!Array.isArray(here)) yield [[...path, 'colour'].join('.'), replaced(body, [...path, 'colour'], 'red')];
  for (const key of Object.keys(here)) yield* mutants(body, [...path, Array.isArray(here) ? Number(key) : key]);
}

function replaced(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(body);
  const parent = path.slice(0, -1).reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], copy);
  (parent as Record<string | number, unknown>)[path.at(-1) ?? ''] = value;
  return copy;
}
