import type { Context } from '@busbar/core';
import { TicketAnswer, TicketWriteAnswer } from '../schemas.ts';
import type { NewComment } from './comments.ts';
import type { Send } from './send.ts';

/** A ticket's fields as Zendesk names them. `undefined` leaves a field unchanged, and null empties it. */
export interface TicketFields {
  readonly subject?: string | undefined;
  readonly status?: string | undefined;
  readonly priority?: string | undefined;
  readonly type?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly assignee_id?: number | null | undefined;
  readonly assignee_email?: string | undefined;
  readonly group_id?: number | null | undefined;
  readonly organization_id?: number | null | undefined;
  readonly external_id?: string | null | undefined;
  readonly due_at?: string | null | undefined;
  readonly custom_fields?: readonly { readonly id: number; readonly value: unknown }[] | undefined;
  readonly requester_id?: number | undefined;
  readonly requester?: { readonly email: string; readonly name: string } | undefined;
}

export const ticketOperations = (send: Send) => ({
  /** Returns the ticket and the users that it refers to. */
  getTicket: (id: number, context: Context) =>
    send({ method: 'GET', path: '/api/v2/tickets/{id}', params: { id }, query: { include: 'users' }, response: TicketAnswer }, context),

  /**
   * Creates a ticket. This is the only write for which Zendesk accepts an idempotency key, so a request whose answer is lost can be
   * repeated.
   */
  createTicket: (ticket: TicketFields & { readonly subject: string }, comment: NewComment, context: Context) =>
    send(
      {
        method: 'POST',
        path: '/api/v2/tickets',
        headers: { 'Idempotency-Key': context.key('ticket') },
        body: { json: { ticket: { ...ticket, comment } } },
        retry: 'keyed',
        ifLost:
          'Look for its subject with zendesk_search_tickets (order "newest"; a new ticket takes some minutes to be found) before you create it again.',
        response: TicketWriteAnswer,
      },
      context,
    ),

  /**
   * Updates a ticket that has not changed since `updatedAt`. Never repeated: Zendesk refuses a second request with 409, whether or not it
   * carried out the first.
   */
  updateTicket: (id: number, fields: TicketFields, updatedAt: string, context: Context) =>
    send(
      {
        method: 'PUT',
        path: '/api/v2/tickets/{id}',
        params: { id },
        body: { json: { ticket: { ...fields, safe_update: true, updated_stamp: updatedAt } } },
        limit: 'ticket-updates',
        retry: 'never',
        ifLost: `Read ticket ${id} with zendesk_get_ticket and update it again only if it is not yet as you want it.`,
        response: TicketWriteAnswer,
      },
      context,
    ),
});
