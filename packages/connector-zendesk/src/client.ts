import type { Context, Http, HttpRequest, StateLog } from '@busbar/core';
import type { z } from 'zod';
import { warnOfIgnoredKeys } from './ignored-keys.ts';
import { quote } from './search-query.ts';
import {
  CommentsAnswer,
  CountAnswer,
  ExportAnswer,
  JobAnswer,
  OrganizationAnswer,
  OrganizationsAnswer,
  SearchAnswer,
  TagsAnswer,
  TicketAnswer,
  TicketFieldAnswer,
  TicketFieldsAnswer,
  TicketWriteAnswer,
  UserAnswer,
  UsersAnswer,
} from './schemas.ts';
import type { StoredEvent } from './webhook.ts';

/** A ticket's fields as Zendesk takes them. `undefined` leaves a field as it is. */
export interface TicketFields {
  readonly subject?: string | undefined;
  readonly status?: string | undefined;
  readonly priority?: string | undefined;
  readonly type?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly assignee_id?: number | undefined;
  readonly assignee_email?: string | undefined;
  readonly group_id?: number | undefined;
  readonly organization_id?: number | undefined;
  readonly external_id?: string | undefined;
  readonly due_at?: string | undefined;
  readonly custom_fields?: readonly { readonly id: number; readonly value: unknown }[] | undefined;
  readonly requester_id?: number | undefined;
  readonly requester?: { readonly email: string; readonly name: string } | undefined;
}

/** A user's fields as Zendesk takes them. `undefined` leaves a field as it is. */
export interface UserFields {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly external_id?: string | undefined;
  readonly phone?: string | undefined;
  readonly organization_id?: number | undefined;
  readonly details?: string | undefined;
  readonly notes?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly skip_verify_email?: boolean | undefined;
}

export interface CursorPage {
  readonly size: number;
  readonly after?: string | undefined;
}

/** What is said on a ticket. `public` false: an internal note. */
type NewComment = { readonly body: string; readonly public: boolean };

/** Zendesk's API, as far as the tools need it. */
export function createClient(http: Http, subdomain: string, events: StateLog<StoredEvent>) {
  const host = `${subdomain}.zendesk.com`;

  async function send<S extends z.ZodType>(context: Context, request: HttpRequest<S>): Promise<z.output<S>> {
    const { headers, data } = await http.request(request, context);
    warnOfIgnoredKeys(context, headers);
    return data;
  }

  async function tagsOf(context: Context, ticket: number): Promise<readonly string[]> {
    const request = { method: 'GET', path: '/api/v2/tickets/{ticket}/tags', params: { ticket }, response: TagsAnswer } as const;
    return (await send(context, request)).tags;
  }

  return {
    host,
    /** Where a person reads a ticket. */
    ticketUrl: (id: number) => `https://${host}/agent/tickets/${id}`,
    /** Where a person reads about a user. */
    userUrl: (id: number) => `https://${host}/agent/users/${id}`,
    /** Where a person reads about an organization. */
    organizationUrl: (id: number) => `https://${host}/agent/organizations/${id}`,
    /** What its webhook has brought. */
    events,

    async getCurrentUser(context: Context) {
      const { user } = await send(context, { method: 'GET', path: '/api/v2/users/me', response: UserAnswer });
      return user;
    },

    async getUser(context: Context, id: number) {
      const { user } = await send(context, { method: 'GET', path: '/api/v2/users/{id}', params: { id }, response: UserAnswer });
      return user;
    },

    /** Users that have the address, as their own or as a further one. */
    async findUsers(context: Context, email: string) {
      const query = { query: `email:${quote(email)}` };
      const { users } = await send(context, { method: 'GET', path: '/api/v2/users/search', query, response: UsersAnswer });
      return users;
    },

    /** Finds the user by e-mail address or external id and changes it, or creates it. A repetition finds what the first one made. */
    async createOrUpdateUser(context: Context, user: UserFields) {
      const { user: written } = await send(context, {
        method: 'POST',
        path: '/api/v2/users/create_or_update',
        body: { json: { user } },
        retry: 'safe',
        ifLost: 'Look with zendesk_get_user, or call again with the same values: that makes no second user.',
        response: UserAnswer,
      });
      return written;
    },

    async getOrganization(context: Context, id: number) {
      const { organization } = await send(context, {
        method: 'GET',
        path: '/api/v2/organizations/{id}',
        params: { id },
        response: OrganizationAnswer,
      });
      return organization;
    },

    /** Organizations of exactly this name, whatever its case. */
    async findOrganizations(context: Context, name: string) {
      const { organizations } = await send(context, {
        method: 'GET',
        path: '/api/v2/organizations/search',
        query: { name },
        response: OrganizationsAnswer,
      });
      return organizations;
    },

    /** In the order of their ids. */
    listTicketFields: (context: Context, page: CursorPage) =>
      send(context, {
        method: 'GET',
        path: '/api/v2/ticket_fields',
        query: { 'page[size]': page.size, 'page[after]': page.after },
        response: TicketFieldsAnswer,
      }),

    /** With all its options, of which Zendesk lets it have 2,000. */
    async getTicketField(context: Context, id: number) {
      const request = { method: 'GET', path: '/api/v2/ticket_fields/{id}', params: { id }, response: TicketFieldAnswer } as const;
      return (await send(context, request)).ticket_field;
    },

    async getJobStatus(context: Context, id: string) {
      const request = { method: 'GET', path: '/api/v2/job_statuses/{id}', params: { id }, response: JobAnswer } as const;
      return (await send(context, request)).job_status;
    },

    /** The ticket, and the users that it names. */
    getTicket: (context: Context, id: number) =>
      send(context, { method: 'GET', path: '/api/v2/tickets/{id}', params: { id }, query: { include: 'users' }, response: TicketAnswer }),

    /** With their authors among `users`. */
    listComments: (context: Context, ticket: number, page: CursorPage & { readonly sort: 'created_at' | '-created_at' }) =>
      send(context, {
        method: 'GET',
        path: '/api/v2/tickets/{ticket}/comments',
        params: { ticket },
        query: { include: 'users', sort: page.sort, 'page[size]': page.size, 'page[after]': page.after },
        response: CommentsAnswer,
      }),

    /** The only write for which Zendesk takes an idempotency key, so the only one that is repeated when its answer is lost. */
    createTicket: (context: Context, ticket: TicketFields & { readonly subject: string }, comment: NewComment) =>
      send(context, {
        method: 'POST',
        path: '/api/v2/tickets',
        headers: { 'Idempotency-Key': context.key('ticket') },
        body: { json: { ticket: { ...ticket, comment } } },
        retry: 'keyed',
        ifLost:
          'Look for its subject with zendesk_search_tickets (order "newest"; a new ticket takes some minutes to be found) before you create it again.',
        response: TicketWriteAnswer,
      }),

    /**
     * Changes a ticket that is still as it was at `updatedAt`. Not repeated when the answer is lost: Zendesk would refuse the second one
     * with 409 whether or not the first one was carried out.
     */
    updateTicket: (context: Context, id: number, fields: TicketFields, updatedAt: string) =>
      send(context, {
        method: 'PUT',
        path: '/api/v2/tickets/{id}',
        params: { id },
        body: { json: { ticket: { ...fields, safe_update: true, updated_stamp: updatedAt } } },
        limit: 'ticket-updates',
        retry: 'never',
        ifLost: `Read ticket ${id} with zendesk_get_ticket and update it again only if it is not yet as you want it.`,
        response: TicketWriteAnswer,
      }),

    /**
     * Adds a comment; with `updatedAt`, only to a ticket that is still as it was then. Never repeated: stamps count seconds, so even a
     * guarded repetition within the same second would say it all twice.
     */
    addComment: (context: Context, id: number, comment: NewComment, updatedAt: string | undefined) =>
      send(context, {
        method: 'PUT',
        path: '/api/v2/tickets/{id}',
        params: { id },
        body: { json: { ticket: { comment, ...(updatedAt !== undefined && { safe_update: true, updated_stamp: updatedAt }) } } },
        limit: 'ticket-updates',
        retry: 'never',
        ifLost: `Read ticket ${id} with zendesk_get_ticket (includeComments true) and add the comment again only if it is not the newest there.`,
        response: TicketWriteAnswer,
      }),

    /**
     * Adds or removes tags, and gives all that the ticket has afterwards, which Zendesk does not say after it removed some. Doing so twice
     * is doing it once, so it is repeated; but not a change that is bound to `updatedAt`, whose repetition Zendesk refuses where the first
     * one was carried out.
     */
    async applyTags(context: Context, id: number, method: 'PUT' | 'DELETE', tags: readonly string[], updatedAt: string | undefined) {
      const answer = await send(context, {
        method,
        path: '/api/v2/tickets/{id}/tags',
        params: { id },
        body: { json: { tags, ...(updatedAt !== undefined && { safe_update: 'true', updated_stamp: updatedAt }) } },
        limit: 'ticket-updates',
        retry: updatedAt === undefined ? 'safe' : 'never',
        ifLost: `Read ticket ${id} with zendesk_get_ticket and call again only if its tags are not yet as you want them.`,
        // Only a removal is answered with nothing.
        response: method === 'DELETE' ? TagsAnswer.optional() : TagsAnswer,
      });
      return answer?.tags ?? (await tagsOf(context, id));
    },

    /** How many tickets a query finds. */
    async countTickets(context: Context, query: string) {
      const request = { method: 'GET', path: '/api/v2/search/count', query: { query: `type:ticket ${query}`.trim() } } as const;
      return (await send(context, { ...request, response: CountAnswer })).count;
    },

    /** Sorted, counted, and never more than 1,000 results: `page` times `size` may not go beyond. */
    searchTickets: (
      context: Context,
      query: string,
      page: { readonly sortBy: 'created_at' | 'updated_at'; readonly number: number; readonly size: number },
    ) =>
      send(context, {
        method: 'GET',
        path: '/api/v2/search',
        query: { query: `type:ticket ${query}`.trim(), sort_by: page.sortBy, sort_order: 'desc', page: page.number, per_page: page.size },
        response: SearchAnswer,
      }),

    /** Any number of results, in order of creation, by a cursor that ends after an hour. */
    exportTickets: (context: Context, query: string, page: CursorPage) =>
      send(context, {
        method: 'GET',
        path: '/api/v2/search/export',
        // The type is refused within the query here.
        query: { query, 'filter[type]': 'ticket', 'page[size]': page.size, 'page[after]': page.after },
        limit: 'search-export',
        response: ExportAnswer,
      }),
  };
}

/** See {@link createClient}. */
export type ZendeskClient = ReturnType<typeof createClient>;
