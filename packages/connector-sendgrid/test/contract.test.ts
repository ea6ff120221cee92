import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GivenCall } from '../../../test/vendor-descriptions/given-inputs.ts';
import { itKeepsTheLaw } from '../../../test/vendor-descriptions/judged-requests.ts';
import type { Additions } from '../../../test/vendor-descriptions/request-judge.ts';
import { vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';
import { sendgrid } from '../src/index.ts';
import { makeEveryCall } from './every-call.ts';
import { readDescription } from './read-description.ts';
import { startAccount, type Account } from './start-account.ts';
import { writes } from './writes.ts';

/** Rules that SendGrid's description states in prose or for similar operations, but not in its schemas. */
const days = {
  start_date: { page: 'Stats, Retrieve global email statistics', schema: { type: 'string', format: 'date' } },
  end_date: { page: 'Stats, Retrieve global email statistics', schema: { type: 'string', format: 'date' } },
};
const address = { email: { page: 'Bounces, Delete a bounce', schema: { type: 'string', format: 'email' } } };
const additions: Additions = {
  'GET /v3/stats': { query: days },
  'GET /v3/categories/stats': { query: days },
  'DELETE /v3/asm/suppressions/global/{email}': { path: address },
  'DELETE /v3/suppression/invalid_emails/{email}': { path: address },
  'GET /v3/templates/{template_id}': {
    path: { template_id: { page: 'Dynamic Templates, Template ids', schema: { type: 'string', pattern: '^(d-)?[0-9a-f-]{32,36}$' } } },
  },
};

/** Parameters in which SendGrid accepts any text, so no value is wrong: categories, the beginning of an address, and its own tokens. */
const open = [
  'GET /v3/categories/stats: query categories',
  'GET /v3/suppression/blocks: query email',
  'GET /v3/suppression/bounces: query email',
  'GET /v3/suppression/invalid_emails: query email',
  'GET /v3/suppression/spam_reports: query email',
  'GET /v3/suppression/unsubscribes: query email',
  'GET /v3/templates: query page_token',
];

describe.skipIf(!vendorDataIsHere)('every request, checked against SendGrid’s own API description', () => {
  let account: Account;
  const calls: GivenCall[] = [];

  beforeAll(async () => {
    account = await startAccount();
    await makeEveryCall(account.sandbox, (tool, args) => {
      calls.push({ tool, args });
      return account.call(tool, args);
    });
    await account.host.check(account.connection);
  });
  afterAll(() => account.close());

  itKeepsTheLaw(
    sendgrid,
    // The caller chooses the keys and values of these maps, so no rule applies.
    { vendor: 'sendgrid', description: readDescription, additions, open, free: ['dynamic_template_data', 'custom_args'] },
    () => ({ calls, requests: account.sandbox.requests }),
    // Reads stored events, without a request.
    ['sendgrid_track_email_events'],
  );

  it('that writes has a row in writes.ts, whose answers the tests lose', () => {
    const made = account.sandbox.requests.filter(({ method }) => method !== 'GET');
    expect(new Set(made.map(({ route }) => route))).toEqual(new Set(writes.map(({ route }) => route)));
  });
});
