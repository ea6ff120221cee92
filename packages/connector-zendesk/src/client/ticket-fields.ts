import type { Context } from '@busbar/core';
import { TicketFieldAnswer, TicketFieldsAnswer } from '../schemas.ts';
import { cursorQuery, type CursorPage } from './cursor-page.ts';
import type { Send } from './send.ts';

export const ticketFieldOperations = (send: Send) => ({
  /** Lists the fields in the order of their ids. */
  listTicketFields: (context: Context, page: CursorPage) =>
    send(context, { method: 'GET', path: '/api/v2/ticket_fields', query: cursorQuery(page), response: TicketFieldsAnswer }),

  /** Returns a field with all its options. Zendesk allows 2,000 of them. */
  async getTicketField(context: Context, id: number) {
    const request = { method: 'GET', path: '/api/v2/ticket_fields/{id}', params: { id }, response: TicketFieldAnswer } as const;
    return (await send(context, request)).ticket_field;
  },
});
