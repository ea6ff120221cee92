import type { Context } from '@busbar/core';
import { CommentsAnswer, TicketWriteAnswer } from '../schemas.ts';
import { cursorQuery, type CursorPage } from './cursor-page.ts';
import type { Send } from './send.ts';

/** A comment to add to a ticket. `public` false makes it an internal note. */
export interface NewComment {
  readonly body: string;
  readonly public: boolean;
}

export const commentOperations = (send: Send) => ({
  /** Lists a ticket's comments, with their authors in `users`. */
  listComments: (ticket: number, page: CursorPage & { readonly sort: 'created_at' | '-created_at' }, context: Context) =>
    send(
      {
        method: 'GET',
        path: '/api/v2/tickets/{ticket}/comments',
        params: { ticket },
        query: { include: 'users', sort: page.sort, ...cursorQuery(page) },
        response: CommentsAnswer,
      },
      context,
    ),

  /**
   * Adds a comment. With `updatedAt`, adds it only if the ticket has not changed since then. Never repeated: the time is in whole seconds,
   * so a repeated request within the same second would add the comment twice.
   */
  addComment: (id: number, comment: NewComment, updatedAt: string | undefined, context: Context) =>
    send(
      {
        method: 'PUT',
        path: '/api/v2/tickets/{id}',
        params: { id },
        body: { json: { ticket: { comment, ...(updatedAt !== undefined && { safe_update: true, updated_stamp: updatedAt }) } } },
        limit: 'ticket-updates',
        retry: 'never',
        ifLost: `Read ticket ${id} with zendesk_get_ticket (includeComments true) and add the comment again only if it is not the newest there.`,
        response: TicketWriteAnswer,
      },
      context,
    ),
});
