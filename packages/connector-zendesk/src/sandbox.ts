import type { Clock } from '@busbar/core';
import { startSimulator, vendorClock, type Simulator, type SimulatorHandler, type SimulatorRequest } from '@busbar/core/testing';
import { createIdempotency } from './sandbox/idempotency.ts';
import { finishedJob } from './sandbox/finished-job.ts';
import { limits } from './sandbox/limits.ts';
import { cursorPage, offsetPage } from './sandbox/paging.ts';
import { createRateLimits } from './sandbox/rate-limits.ts';
import { createRecords, type CommentRecord, type TicketRecord, type UserRecord } from './sandbox/records.ts';
import { badRequest, failureBody, notFound } from './sandbox/refusal.ts';
import { searchTickets } from './sandbox/search.ts';
import { seed } from './sandbox/seed.ts';
import { createSignIn, requireScope } from './sandbox/sign-in.ts';
import { webhookBody, webhookHeaders, type ZendeskEvent } from './sandbox/webhook-delivery.ts';
import { changeTags, createTicket, ignoredKeysHeader, updateTicket } from './sandbox/write-ticket.ts';
import { createOrUpdateUser } from './sandbox/write-user.ts';

export type { CommentRecord, TicketRecord, UserRecord, ZendeskEvent };

/** Options for the sandbox. All have defaults. */
export interface ZendeskSandboxOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** The clock for tokens, limits and timestamps. Default: real time. */
  readonly clock?: Clock;
  /** The account's subdomain. Default `sandbox`. */
  readonly subdomain?: string;
  /** The account's limit on requests per minute. Default 700, as on the Enterprise plan. */
  readonly requestsPerMinute?: number;
  /** The account's limit on ticket updates per minute. Default 100. */
  readonly ticketUpdatesPerMinute?: number;
  /** How many of the newest requests the sandbox keeps. Default 1,000. */
  readonly maxRequests?: number;
  /** Default: `client` and `client-secret`. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** The legacy credential. Default: `agent@example.com` and `api-token`. */
  readonly email?: string;
  readonly apiToken?: string;
  /** The secret with which the account's webhook signs requests. Default: Zendesk's published secret for testing. */
  readonly webhookSecret?: string;
}

/** A local Zendesk account. It starts with a few made-up tickets and keeps written records until it is closed. */
export interface ZendeskSandbox extends Simulator {
  /** The settings of a connection to this account. */
  readonly config: { readonly subdomain: string; readonly clientId: string; readonly clientSecret: string; readonly webhookSecret: string };
  /** The settings of a connection with the legacy credential. */
  readonly legacyConfig: { readonly subdomain: string; readonly email: string; readonly apiToken: string };
  /** The host option that redirects the account's traffic to the sandbox. */
  readonly remapOrigins: Readonly<Record<string, string>>;
  /** Every ticket by its id, for assertions. */
  readonly tickets: ReadonlyMap<number, TicketRecord>;
  readonly users: ReadonlyMap<number, UserRecord>;
  /** Oldest first. */
  comments(ticket: number): readonly CommentRecord[];
  /** Invalidates all OAuth tokens, as if they had expired. */
  expireTokens(): void;
  /**
   * Returns the request that the account's webhook would send for an event, signed with the current time. POST it to the connection's
   * webhook.
   */
  delivery(event: ZendeskEvent): Promise<{ readonly headers: Readonly<Record<string, string>>; readonly body: string }>;
  /** Returns the headers that the account's webhook would send with this body, signed with the current time. */
  sign(body: string): Promise<Readonly<Record<string, string>>>;
}

/** Starts a local Zendesk that supports the connector's operations and has Zendesk's limits, paging and refusals. */
export async function startZendeskSandbox(options: ZendeskSandboxOptions = {}): Promise<ZendeskSandbox> {
  const { subdomain = 'sandbox' } = options;
  const { clientId = 'client', clientSecret = 'client-secret', email = 'agent@example.com', apiToken = 'api-token' } = options;
  const { webhookSecret = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==' } = options;
  const clock = vendorClock(options.clock);
  const host = `${subdomain}.zendesk.com`;
  const records = createRecords(clock, host);
  const me = seed(records, clock, email);
  const rateLimits = createRateLimits(clock, options);
  const signIn = createSignIn(clock, { clientId, clientSecret, email, apiToken });
  const idempotency = createIdempotency(clock);

  const commonHeaders = () => ({ 'x-zendesk-api-version': 'v2', ...rateLimits.headers() });
  const withLimits =
    (handler: SimulatorHandler): SimulatorHandler =>
    (request) => {
      rateLimits.request();
      return handler(request);
    };
  const signedIn = (scope: string, handler: SimulatorHandler): SimulatorHandler =>
    withLimits((request) => {
      requireScope(signIn.scopesOf(request.headers['authorization']), scope);
      return handler(request);
    });

  const countUpdate = ({ id }: TicketRecord): Record<string, string> => {
    rateLimits.anyTicketUpdate();
    return rateLimits.ticketUpdate(id);
  };

  const job = finishedJob(host);
  const findTicket = ({ params }: SimulatorRequest): TicketRecord => orNotFound(records.tickets.get(Number(params['id'])));
  const findUsers = (ids: readonly unknown[]): UserRecord[] => [...new Set(ids)].flatMap((id) => records.users.get(id as number) ?? []);

  const simulator = await startSimulator({
    port: options.port,
    hostname: options.hostname,
    maxRequests: options.maxRequests,
    clock,
    headers: commonHeaders,
    failure: (status) => ({ ...failureBody(status), headers: commonHeaders() }),
    routes: {
      'POST /oauth/tokens': ({ body }) => ({ body: signIn.issueToken(body) }),

      // Also answers requests without a valid credential, with a user called "Anonymous user".
      'GET /api/v2/users/me': withLimits(({ headers }) => {
        const scopes = signIn.scopesOf(headers['authorization']);
        if (!scopes) return { body: { user: { id: null, name: 'Anonymous user', email: 'invalid@example.com', role: 'end-user' } } };
        requireScope(scopes, 'users:read');
        return { body: { user: orNotFound(records.users.get(me.id)) } };
      }),

      'GET /api/v2/users/{id}': signedIn('users:read', ({ params }) => ({
        body: { user: orNotFound(records.users.get(Number(params['id']))) },
      })),

      'GET /api/v2/users/search': signedIn('users:read', (request) => {
        const needle = (request.query.get('query') ?? '')
          .replace(/^email:/, '')
          .replaceAll('"', '')
          .toLowerCase();
        const users = [...records.users.values()].filter((user) => `${user.email}\n${user.name}`.toLowerCase().includes(needle));
        const page = offsetPage(request, host, users, 'list');
        return { body: { users: page.records, ...page.meta } };
      }),

      'POST /api/v2/users/create_or_update': signedIn('users:write', ({ body }) => {
        const { user, created } = createOrUpdateUser(records, body, rateLimits.userUpdate);
        return { status: created ? 201 : 200, headers: { location: `https://${host}/api/v2/users/${user.id}.json` }, body: { user } };
      }),

      'GET /api/v2/organizations/{id}': signedIn('organizations:read', ({ params }) => ({
        body: { organization: orNotFound(records.organizations.get(Number(params['id']))) },
      })),

      'GET /api/v2/organizations/search': signedIn('organizations:read', (request) => {
        const name = request.query.get('name')?.toLowerCase();
        const organizations = [...records.organizations.values()].filter((organization) => organization.name.toLowerCase() === name);
        const page = offsetPage(request, host, organizations, 'list');
        return { body: { organizations: page.records, ...page.meta } };
      }),

      'GET /api/v2/ticket_fields': signedIn('read', (request) => {
        const fields = [...records.ticketFields.values()];
        if (!request.query.has('page[size]'))
          return { body: { ticket_fields: fields, next_page: null, previous_page: null, count: fields.length } };
        const page = cursorPage(request, host, fields, { maxSize: limits.cursorPage.most });
        return { body: { ticket_fields: page.records, ...page.meta } };
      }),

      'GET /api/v2/ticket_fields/{id}': signedIn('read', ({ params }) => ({
        body: { ticket_field: orNotFound(records.ticketFields.get(Number(params['id']))) },
      })),

      'GET /api/v2/job_statuses/{id}': signedIn('read', ({ params }) => ({
        body: { job_status: orNotFound(params['id'] === job.id ? job : undefined) },
      })),

      'POST /api/v2/tickets': signedIn('tickets:write', (request) =>
        idempotency.once(request.headers['idempotency-key'], request.rawBody, () => {
          const { ticket, audit } = createTicket(records, request.body, me);
          const headers = { location: `https://${host}/api/v2/tickets/${ticket.id}.json`, ...ignoredKeysHeader(request.body, 'create') };
          return { status: 201, headers, body: structuredClone({ ticket, audit }) };
        }),
      ),

      'GET /api/v2/tickets/{id}': signedIn('tickets:read', (request) => {
        const ticket = findTicket(request);
        const users = findUsers([ticket.requester_id, ticket['submitter_id'], ticket.assignee_id]);
        return { body: { ticket, ...(request.query.get('include') === 'users' && { users }) } };
      }),

      'PUT /api/v2/tickets/{id}': signedIn('tickets:write', (request) => {
        const ticket = findTicket(request);
        const headers = { ...countUpdate(ticket), ...ignoredKeysHeader(request.body, 'update') };
        return { headers, body: updateTicket(records, ticket, request.body, me) };
      }),

      'GET /api/v2/tickets/{id}/tags': signedIn('tickets:read', (request) => ({ body: { tags: findTicket(request).tags } })),

      'PUT /api/v2/tickets/{id}/tags': signedIn('tickets:write', (request) => {
        const ticket = findTicket(request);
        const headers = countUpdate(ticket);
        changeTags(records, ticket, request.body, 'add');
        return { headers, body: { tags: ticket.tags } };
      }),

      'DELETE /api/v2/tickets/{id}/tags': signedIn('tickets:write', (request) => {
        const ticket = findTicket(request);
        const headers = countUpdate(ticket);
        changeTags(records, ticket, request.body, 'remove');
        return { status: 204, headers };
      }),

      'GET /api/v2/tickets/{id}/comments': signedIn('tickets:read', (request) => {
        const stored = records.comments(findTicket(request).id);
        const comments = request.query.get('sort') === '-created_at' ? stored.toReversed() : stored;
        const page = request.query.has('page[size]')
          ? cursorPage(request, host, comments, { maxSize: limits.cursorPage.most })
          : offsetPage(request, host, comments, 'list');
        const users = findUsers(page.records.map(({ author_id }) => author_id));
        return { body: { comments: page.records, ...(request.query.get('include') === 'users' && { users }), ...page.meta } };
      }),

      'GET /api/v2/search': signedIn('read', (request) => {
        const { query } = request;
        const sortKey = query.get('sort_by') === 'created_at' ? 'created_at' : 'updated_at';
        const sorted = searchTickets(records, query.get('query') ?? '', me).toSorted(oldestFirst(sortKey));
        const page = offsetPage(request, host, query.get('sort_order') === 'asc' ? sorted : sorted.toReversed(), 'search');
        return { body: { results: page.records.map(asResult), facets: null, ...page.meta } };
      }),

      'GET /api/v2/search/count': signedIn('read', ({ query }) => ({
        body: { count: searchTickets(records, query.get('query') ?? '', me).length },
      })),

      'GET /api/v2/search/export': signedIn('read', (request) => {
        rateLimits.exportPage();
        const text = request.query.get('query') ?? '';
        if (request.query.get('filter[type]') !== 'ticket')
          throw badRequest('filter[type] is required, and this sandbox exports only tickets');
        if (/(^|\s)type:/.test(text)) throw badRequest('Invalid search: type is not allowed in the query of an export');
        const sorted = searchTickets(records, text, me).toSorted(oldestFirst('created_at'));
        const page = cursorPage(request, host, sorted, { maxSize: limits.exportPage.most });
        return { body: { results: page.records.map(asResult), facets: null, ...page.meta } };
      }),
    },
  });

  const sign = (body: string) => webhookHeaders(clock, webhookSecret, body);
  return {
    ...simulator,
    config: { subdomain, clientId, clientSecret, webhookSecret },
    legacyConfig: { subdomain, email, apiToken },
    remapOrigins: { [`https://${host}`]: simulator.url },
    tickets: records.tickets,
    users: records.users,
    comments: records.comments,
    expireTokens: signIn.expireTokens,
    async delivery(event) {
      const body = webhookBody(clock, event);
      return { headers: await sign(body), body };
    },
    sign,
  };
}

function orNotFound<T>(record: T | undefined): T {
  if (record === undefined) throw notFound();
  return record;
}

const asResult = (ticket: TicketRecord) => ({ ...ticket, result_type: 'ticket' });

/** Sorts tickets of the same second by id, so that pages do not overlap. */
const oldestFirst = (key: 'created_at' | 'updated_at') => (a: TicketRecord, b: TicketRecord) =>
  a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : a.id - b.id;
