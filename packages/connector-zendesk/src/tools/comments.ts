import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { nextCursor, rowsOf } from '../client/cursor-page.ts';
import { CommentSummary, CommentView, viewComment, viewCommentSummary } from '../outputs.ts';
import { isPublic, writtenComment } from '../written-comment.ts';
import { ifUnchangedSince, ticketId } from './ticket-inputs.ts';

const maxPage = 100;
// Full comments are long, so a page has fewer of them.
const maxFullPage = 25;

const ListedComment = z
  .object({ ...CommentView.shape, ...CommentSummary.shape })
  .partial()
  .required({ public: true });

/** A cursor's content: the inputs of the list and the position in it. */
const Position = z.object({
  ticketId: z.int(),
  order: z.enum(['newest', 'oldest']),
  detail: z.enum(['summary', 'full']),
  limit: z.int().min(1).max(100),
  after: z.string().optional(),
});
type Position = z.output<typeof Position>;

export const commentTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_list_comments',
    description:
      'Lists the comments on a Zendesk ticket, public replies and internal notes, a page at a time, with excerpts by default. For a ticket together with its newest comments, zendesk_get_ticket is one call.',
    effect: 'read',
    input: z.object({
      ticketId,
      order: z.enum(['newest', 'oldest']).optional().describe('Whether the newest or the oldest come first. Default: newest'),
      detail: z
        .enum(['summary', 'full'])
        .optional()
        .describe(`"full": whole texts and attachments, at most ${maxFullPage} in a page. Default: summary, with excerpts`),
      limit: z.int().min(1).max(100).optional().describe('Comments in a page, 1 to 100. Default: 20'),
      cursor: z
        .string()
        .optional()
        .describe('nextCursor of an earlier answer about this ticket: the next page of that list. Absent: the first page'),
    }),
    output: z.object({
      comments: z.array(ListedComment).describe('The page'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ cursor, limit: size, ...input }, client, context) => {
      const position: Position =
        cursor === undefined
          ? { ticketId: input.ticketId, order: input.order ?? 'newest', detail: input.detail ?? 'summary', limit: size ?? 20 }
          : context.cursor.read(cursor, Position, input);
      const { detail, order, after } = position;
      const limit = Math.min(size ?? position.limit, detail === 'full' ? maxFullPage : maxPage);
      const sort = order === 'oldest' ? 'created_at' : '-created_at';
      const page = { size: limit, after };
      const found = await client.listComments(position.ticketId, { sort, ...page }, context);
      const next = nextCursor(found, page, context);
      const view = detail === 'full' ? viewComment : viewCommentSummary;
      return {
        comments: rowsOf(found.comments, page, context).map((comment) => view(comment, found.users)),
        ...(next && { nextCursor: context.cursor.write({ ...position, limit, after: next }) }),
      };
    },
  }),

  tool({
    name: 'zendesk_add_comment',
    description:
      'Adds a comment to a Zendesk ticket: by default an internal note that only agents see; with public true a reply that Zendesk usually e-mails to the requester and that cannot be taken back. Each call adds one comment, so do not repeat a call whose outcome is unknown before you have read the ticket. To change status, assignee or tags, use zendesk_update_ticket.',
    effect: 'write',
    input: z.object({
      ticketId,
      body: z.string().trim().min(1).max(60_000).describe('The comment’s text, plain, at most 60,000 characters'),
      public: z
        .boolean()
        .default(false)
        .describe('True: the requester sees it and is usually e-mailed. False: an internal note. Default: false'),
      ifUnchangedSince: ifUnchangedSince
        .optional()
        .describe(
          'updatedAt of the ticket as you read it: if it has changed since (a new reply, say), nothing is written. Absent: the comment is added even if it has changed',
        ),
    }),
    output: z.object({
      ticketId: z.int().describe('Ticket id'),
      url: z.string().describe('Link for people to open the ticket'),
      commentId: z.int().optional().describe('Id of the new comment'),
      public: z.boolean().describe('Whether the requester sees it'),
      status: z.string().optional().describe('The ticket’s status afterwards'),
      updatedAt: z.string().optional().describe('When the ticket last changed: the value for ifUnchangedSince'),
    }),
    run: async (input, client, context) => {
      const { ticket, audit } = await client.addComment(
        input.ticketId,
        { body: input.body, public: input.public },
        input.ifUnchangedSince,
        context,
      );
      const commentId = writtenComment(audit)?.id;
      return {
        ticketId: ticket.id,
        url: client.ticketUrl(ticket.id),
        public: isPublic(audit, input.public, context),
        ...(commentId && { commentId }),
        ...(ticket.status && { status: ticket.status }),
        ...(ticket.updated_at && { updatedAt: ticket.updated_at }),
      };
    },
  }),
];
