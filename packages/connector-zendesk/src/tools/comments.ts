import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { ifUnchangedSince, ticketId } from './ticket-inputs.ts';

export const commentTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_add_comment',
    description:
      'Adds a comment to a Zendesk ticket: by default an internal note that only agents see; with public true a reply that Zendesk usually e-mails to the requester and that cannot be taken back. Each call adds one comment, so do not repeat a call whose outcome is unknown before you have read the ticket. To change status, assignee or tags, use zendesk_update_ticket.',
    effect: 'write',
    input: z.object({
      ticketId,
      body: z.string().trim().min(1).max(60_000).describe('What to say, plain text, at most 60,000 characters'),
      public: z
        .boolean()
        .default(false)
        .describe('True: the requester sees it and is usually e-mailed. False: an internal note. Default: false'),
      ifUnchangedSince: ifUnchangedSince
        .optional()
        .describe(
          'updatedAt of the ticket as you read it: if it has changed since (a new reply, say), nothing is written. Absent: the comment is added whatever has happened',
        ),
    }),
    output: z.object({
      ticketId: z.int().describe('Ticket id'),
      url: z.string().describe('Where a person reads the ticket'),
      commentId: z.int().optional().describe('Id of the new comment'),
      public: z.boolean().describe('Whether the requester sees it'),
      status: z.string().optional().describe('The ticket’s status afterwards'),
      updatedAt: z.string().optional().describe('When the ticket last changed: the value for ifUnchangedSince'),
    }),
    run: async (input, client, context) => {
      const { ticket, audit } = await client.addComment(
        context,
        input.ticketId,
        { body: input.body, public: input.public },
        input.ifUnchangedSince,
      );
      const comment = audit?.events?.find(({ type }) => type === 'Comment');
      return {
        ticketId: ticket.id,
        url: client.ticketUrl(ticket.id),
        public: input.public,
        ...(comment?.id && { commentId: comment.id }),
        ...(ticket.status && { status: ticket.status }),
        ...(ticket.updated_at && { updatedAt: ticket.updated_at }),
      };
    },
  }),
];
