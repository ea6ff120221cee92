import { requestChecks, type RequestFixture } from '@busbar/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readVendorData, vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';
import { zendesk } from '../src/index.ts';
import { makeEveryCall } from './every-call.ts';
import { startAccount, type Account } from './start-account.ts';
import { writes } from './writes.ts';

/** Additions from Zendesk's prose, and a correction of the one part of its API description that is wrong. */
const cursor = (page: string) => ({
  'page[size]': { page, schema: { type: 'integer', minimum: 1, maximum: 100 } },
  // The cursor comes from Zendesk and is sent back unchanged.
  'page[after]': { page, schema: { type: 'string', minLength: 2 } },
});
const additions: RequestFixture['additions'] = {
  'GET /api/v2/tickets/{ticket_id}': { query: { include: { page: 'Side-loading', schema: { enum: ['users'] } } } },
  'GET /api/v2/tickets/{ticket_id}/comments': {
    query: {
      include: { page: 'List Comments, Side-loading', schema: { enum: ['users'] } },
      sort: { page: 'List Comments, Sorting', schema: { enum: ['created_at', '-created_at'] } },
      ...cursor('Using cursor pagination'),
    },
  },
  'GET /api/v2/ticket_fields': { query: cursor('List Ticket Fields, Pagination') },
  'POST /api/v2/users/create_or_update': {
    fields: {
      // The description's last alternative accepts any user, and it names only some of the fields. Users, JSON format.
      'user.email': { type: 'string', format: 'email' },
      'user.name': { type: 'string', minLength: 1 },
      'user.external_id': { type: 'string', minLength: 1 },
      'user.organization_id': { type: 'integer' },
      'user.phone': { type: 'string' },
      'user.details': { type: 'string' },
      'user.notes': { type: 'string' },
      'user.tags': { type: 'array', items: { type: 'string' } },
      // Create or update user: without sending out a verification e-mail.
      'user.skip_verify_email': { type: 'boolean' },
    },
  },
  'PUT /api/v2/tickets/{ticket_id}/tags': { body: tagsBody() },
  'DELETE /api/v2/tickets/{ticket_id}/tags': { body: tagsBody() },
  'GET /api/v2/search': {
    query: {
      page: { page: 'Using offset pagination', schema: { type: 'integer', minimum: 1 } },
      sort_by: {
        page: 'Search, Sorting',
        schema: { enum: ['updated_at', 'created_at', 'priority', 'status', 'ticket_type'] },
      },
      sort_order: { page: 'Search, Sorting', schema: { enum: ['asc', 'desc'] } },
      per_page: { page: 'Using offset pagination', schema: { type: 'integer', minimum: 1, maximum: 100 } },
    },
  },
  'GET /api/v2/search/export': {
    query: {
      'filter[type]': { page: 'Export Search Results, Parameters', schema: { enum: ['ticket', 'organization', 'user', 'group'] } },
      'page[after]': { page: 'Export Search Results, Pagination', schema: { type: 'string', minLength: 2 } },
    },
  },
  'POST /api/v2/tickets': {
    fields: {
      // Creating a ticket with a new requester.
      'ticket.requester': object({ email: { type: 'string', format: 'email' }, name: { type: 'string', minLength: 1 } }),
      // The description has a field's definition in the place of its value. Setting custom field values.
      'ticket.custom_fields': customFields(),
    },
  },
  'PUT /api/v2/tickets/{ticket_id}': { fields: { 'ticket.custom_fields': customFields() } },
};

/** The description has no body for changes of tags. Source: Tags, Add Tags, with Safe Update, whose example has the flag as a string. */
function tagsBody() {
  return {
    type: 'object',
    properties: {
      tags: { type: 'array', items: { type: 'string' } },
      safe_update: { type: 'string', enum: ['true'] },
      updated_stamp: { type: 'string', format: 'date-time' },
    },
    required: ['tags'],
    dependentRequired: { safe_update: ['updated_stamp'], updated_stamp: ['safe_update'] },
    additionalProperties: false,
  };
}

/** Requests of the connector that the description lacks, since it covers only the Support API. */
const undescribed: RequestFixture['undescribed'] = {
  'POST /oauth/tokens': {
    source: { page: 'OAuth Tokens for Grant Types, Create Token for Grant Type' },
    body: object({
      grant_type: { const: 'client_credentials' },
      client_id: { type: 'string', minLength: 1 },
      client_secret: { type: 'string', minLength: 1 },
      scope: { type: 'string', pattern: '^[a-z_:]+( [a-z_:]+)*$' },
      expires_in: { type: 'integer', minimum: 301, maximum: 172_799 },
    }),
  },
};

/** Parameters in which Zendesk accepts any text, so that no value is wrong: names, searches, and the ids of jobs. */
const acceptedFaults = [
  'GET /api/v2/job_statuses/{job_status_id}: path {job_status_id}',
  'GET /api/v2/organizations/search: query name',
  'GET /api/v2/search/count: query query',
  'GET /api/v2/search/export: query query',
  'GET /api/v2/search: query query',
  'GET /api/v2/users/search: query query',
];

function object(properties: Record<string, object>) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}
function customFields() {
  return {
    type: 'array',
    items: object({ id: { type: 'integer' }, value: { type: ['string', 'boolean', 'array'], items: { type: 'string' } } }),
  };
}

describe.skipIf(!vendorDataIsHere)('every request, checked against Zendesk’s own API description', () => {
  let account: Account;

  beforeAll(async () => {
    account = await startAccount();
    await makeEveryCall(account.sandbox, account.call);
    await account.host.check(account.connection);
  });
  afterAll(() => account.close());

  const checks = requestChecks(zendesk, {
    description: () => readVendorData('openapi/zendesk-support.json'),
    additions,
    undescribed,
    acceptedFaults,
    // Reads stored events, without a request.
    silentTools: ['zendesk_list_events'],
    traffic: () => ({ calls: account.calls, requests: account.sandbox.requests }),
  });
  it.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());

  it('that writes has a row in writes.ts, whose answers the tests lose', () => {
    const made = account.sandbox.requests.filter(({ method, route }) => method !== 'GET' && route !== 'POST /oauth/tokens');
    expect(new Set(made.map(({ route }) => route))).toEqual(new Set(writes.map(({ route }) => route)));
  });
});
