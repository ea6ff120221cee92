import type { Context } from '@busbar/core';
import { TicketFieldAnswer, TicketFieldsAnswer } from '../schemas.ts';
import { cursorQuery, type CursorPage } from './cursor-page.ts';
import type { Send } from './send.ts';

export const ticketFieldOperations = (send: Send) => ({
  /** Lists the fields in the order of their ids. */
  listTicketFields: (page: CursorPage, context: Context) =>
    send({ method: 'GET', path: '/api/v2/ticket_fields', query: cursorQuery(page), response: TicketFieldsAnswer }, context),

  /** Returns a field with all its options. Zendesk allows 2,000 of them. */
  async getTicketField(id: number, context: Context) {
    const request = { method: 'GET', path: '/api/v2/ticket_fields/{id}', params: { id }, response: TicketFieldAnswer } as const;
    return (await send(request, context)).ticket_field;
  },
});
