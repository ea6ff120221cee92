import type { Http, StateLog } from '@busbar/core';
import { commentOperations } from './client/comments.ts';
import { jobOperations } from './client/jobs.ts';
import { organizationOperations } from './client/organizations.ts';
import { searchOperations } from './client/search.ts';
import { createSend } from './client/send.ts';
import { tagOperations } from './client/tags.ts';
import { ticketFieldOperations } from './client/ticket-fields.ts';
import { ticketOperations } from './client/tickets.ts';
import { userOperations } from './client/users.ts';
import type { StoredEvent } from './webhook.ts';

/**
 * Creates the client: the operations of Zendesk's API that the tools use, with one file per resource, and a connection's stored events.
 */
export function createClient(http: Http, subdomain: string, events: StateLog<StoredEvent>) {
  const host = `${subdomain}.zendesk.com`;
  const send = createSend(http);
  return {
    host,
    /** The web page of a ticket. */
    ticketUrl: (id: number) => `https://${host}/agent/tickets/${id}`,
    /** The web page of a user. */
    userUrl: (id: number) => `https://${host}/agent/users/${id}`,
    /** The web page of an organization. */
    organizationUrl: (id: number) => `https://${host}/agent/organizations/${id}`,
    /** The events that the account's webhook has delivered. */
    events,
    ...ticketOperations(send),
    ...commentOperations(send),
    ...tagOperations(send),
    ...searchOperations(send),
    ...userOperations(send),
    ...organizationOperations(send),
    ...ticketFieldOperations(send),
    ...jobOperations(send),
  };
}

/** See {@link createClient}. */
export type ZendeskClient = ReturnType<typeof createClient>;
