import { requestChecks, type RequestFixture } from '@busbar/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
const additions: RequestFixture['additions'] = {
  'GET /v3/stats': { query: days },
  'GET /v3/categories/stats': { query: days },
  'GET /v3/asm/suppressions/global/{email}': { path: address },
  'DELETE /v3/asm/suppressions/global/{email}': { path: address },
  'DELETE /v3/suppression/invalid_emails/{email}': { path: address },
  'GET /v3/templates/{template_id}': {
    path: { template_id: { page: 'Dynamic Templates, Template ids', schema: { type: 'string', pattern: '^(d-)?[0-9a-f-]{32,36}$' } } },
  },
};

/** Parameters in which SendGrid accepts any text, so no value is wrong: categories, the beginning of an address, and its own tokens. */
const acceptedFaults = [
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

  beforeAll(async () => {
    account = await startAccount();
    await makeEveryCall(account.sandbox, account.call);
    await account.host.check(account.connection);
  });
  afterAll(() => account.close());

  const checks = requestChecks(sendgrid, {
    description: readDescription,
    additions,
    acceptedFaults,
    // The caller chooses the keys and values of these maps, so no rule applies.
    freeFormFields: ['dynamic_template_data', 'custom_args'],
    // Reads stored events, without a request.
    silentTools: ['sendgrid_track_email_events'],
    traffic: () => ({ calls: account.calls, requests: account.sandbox.requests }),
  });
  it.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

  it('that writes has a row in writes.ts, whose answers the tests lose', () => {
    const made = account.sandbox.requests.filter(({ method }) => method !== 'GET');
    expect(new Set(made.map(({ route }) => route))).toEqual(new Set(writes.map(({ route }) => route)));
  });
});
