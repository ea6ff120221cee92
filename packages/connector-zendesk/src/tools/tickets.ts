import { emailAddress, ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { nextCursor, rowsOf } from '../client/cursor-page.ts';
import { CommentView, TicketDetails, viewComment, viewDetails } from '../outputs.ts';
import { isPublic } from '../written-comment.ts';
import type { TicketFields } from '../client/tickets.ts';
import type { Ticket } from '../schemas.ts';
import { warnOfUnkeptValues } from '../unkept-values.ts';
import { checkProperties, ifUnchangedSince, tags, ticketFields, ticketId, ticketProperties } from './ticket-inputs.ts';

const commentsPerPage = 10;
const whyUnkept =
  'A rule of the account may have changed a value, or Zendesk does not take it. zendesk_list_ticket_fields with fieldId shows what a field takes.';

/** The fields that an update can empty, with Zendesk's name of each and the inputs that give it a value. */
const clearable = {
  assignee: { field: 'assignee_id', inputs: ['assigneeEmail', 'assigneeId'] },
  group: { field: 'group_id', inputs: ['groupId'] },
  organization: { field: 'organization_id', inputs: ['organizationId'] },
  externalId: { field: 'external_id', inputs: ['externalId'] },
  dueAt: { field: 'due_at', inputs: ['dueAt'] },
} as const;

const cleared = (names: readonly (keyof typeof clearable)[] = []): TicketFields =>
  Object.fromEntries(names.map((name) => [clearable[name].field, null]));

/** Whether an update has anything to write. An empty list is nothing. */
const hasChange = ({
  ticketId: _,
  ifUnchangedSince: __,
  ...changes
}: object & { ticketId?: unknown; ifUnchangedSince?: unknown }): boolean =>
  Object.values(changes).some((value: unknown) => value !== undefined && !(Array.isArray(value) && value.length === 0));

/** Zendesk returns the id of an assignee, so only a missing one shows that the address of `assignee_email` had no effect. */
const withoutAssignee = (ticket: Ticket) => (ticket.assignee_id === null ? { ...ticket, assignee_email: null } : ticket);

export const ticketTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_create_ticket',
    description:
      'Creates a Zendesk ticket with its first comment and returns it with its id and URL. Name the requester by e-mail address (an unknown one becomes a new user) or id. The first comment is public by default: Zendesk usually e-mails it to the requester. If the ticket may exist already, search first, and use zendesk_add_comment.',
    effect: 'write',
    input: z
      .object({
        subject: z.string().trim().min(1).max(255).describe('Subject line, at most 255 characters'),
        body: z.string().trim().min(1).max(60_000).describe('The first comment, plain text, at most 60,000 characters'),
        public: z.boolean().default(true).describe('False: the first comment is an internal note. Default: true'),
        requesterEmail: emailAddress()
          .optional()
          .describe('The person who asks. Absent, and requesterId too: the user that this connection acts as'),
        requesterName: z.string().min(1).max(255).optional().describe('Name of a new requester, 1 to 255 characters. Absent: the address'),
        requesterId: z.int().optional().describe('User id, instead of requesterEmail. Absent: see requesterEmail'),
        tags: tags('Absent: what Zendesk’s own rules add'),
        ...ticketProperties('default'),
      })
      .refine(
        ({ requesterEmail, requesterId }) => requesterEmail === undefined || requesterId === undefined,
        'Give requesterEmail or requesterId, not both',
      )
      .refine(
        ({ requesterEmail, requesterName }) => requesterEmail !== undefined || requesterName === undefined,
        'requesterName needs requesterEmail',
      )
      .superRefine(checkProperties)
      .refine(({ dueAt, type }) => dueAt === undefined || type === 'task', {
        path: ['dueAt'],
        message: 'Only a task has it: give type "task" with it, or leave it out',
      }),
    output: TicketDetails,
    run: async (input, client, context) => {
      const requester =
        input.requesterEmail === undefined ? undefined : { email: input.requesterEmail, name: input.requesterName ?? input.requesterEmail };
      const fields = { ...ticketFields(input), requester_id: input.requesterId, tags: input.tags };
      const { ticket, audit } = await client.createTicket(
        { ...fields, subject: input.subject, requester },
        { body: input.body, public: input.public },
        context,
      );
      warnOfUnkeptValues(fields, withoutAssignee(ticket), whyUnkept, context);
      isPublic(audit, input.public, context);
      return viewDetails(client, ticket);
    },
  }),

  tool({
    name: 'zendesk_get_ticket',
    description:
      'Reads one Zendesk ticket by its id: subject, description, status, priority, requester, assignee, tags, custom fields and times; with includeComments also its newest comments. Use zendesk_search_tickets if you do not know the id.',
    effect: 'read',
    input: z.object({
      ticketId,
      includeComments: z
        .boolean()
        .default(false)
        .describe(`True adds the newest ${commentsPerPage} comments, public ones and internal notes, newest first. Default: false`),
      commentsCursor: z.string().optional().describe('commentsCursor of an earlier answer, for older comments. Absent: the newest'),
    }),
    output: z.object({
      ticket: TicketDetails.describe('The ticket'),
      comments: z.array(CommentView).optional().describe('Newest first; absent if includeComments was false'),
      commentsCursor: z.string().optional().describe('Pass it back to read older comments; absent if there are none'),
    }),
    run: async (input, client, context) => {
      const Position = z.object({ ticket: z.literal(input.ticketId), after: z.string() });
      const after = input.commentsCursor === undefined ? undefined : context.cursor.read(input.commentsCursor, Position).after;
      const { ticket, users } = await client.getTicket(input.ticketId, context);
      if (!input.includeComments && after === undefined) return { ticket: viewDetails(client, ticket, users) };
      const page = { size: commentsPerPage, after };
      const found = await client.listComments(input.ticketId, { sort: '-created_at', ...page }, context);
      const next = nextCursor(found, page, context);
      return {
        ticket: viewDetails(client, ticket, users),
        comments: rowsOf(found.comments, page, context).map((comment) => viewComment(comment, found.users)),
        ...(next && { commentsCursor: context.cursor.write({ ticket: input.ticketId, after: next }) }),
      };
    },
  }),

  tool({
    name: 'zendesk_update_ticket',
    description:
      'Changes or empties fields of a Zendesk ticket and returns it as it is afterwards. If someone else changes it at the same moment, it fails with CONFLICT: read it again. For replies and notes use zendesk_add_comment; for tags alone, zendesk_apply_tags.',
    effect: 'write',
    input: z
      .object({
        ticketId,
        ifUnchangedSince: ifUnchangedSince
          .optional()
          .describe('updatedAt of the ticket as you read it: if it changed since, nothing is written. Absent: not compared'),
        subject: z.string().trim().min(1).max(255).optional().describe('At most 255 characters. Absent: unchanged'),
        addTags: tags('Tags to add. Absent: none'),
        removeTags: tags('Tags to remove. Absent: none'),
        ...ticketProperties('unchanged'),
        clear: z
          .array(z.enum(Object.keys(clearable) as [keyof typeof clearable, ...(keyof typeof clearable)[]]))
          .max(5)
          .optional()
          .describe('Fields to empty: "assignee" unassigns it. At most 5. Absent: none'),
      })
      .superRefine(checkProperties)
      .superRefine(({ addTags = [], removeTags = [] }, { addIssue }) => {
        const both = addTags.find((tag) => removeTags.includes(tag));
        if (both !== undefined)
          addIssue({ code: 'custom', path: ['removeTags'], message: `${both} is in addTags too: leave it out of one` });
      })
      .superRefine(({ clear = [], ...input }, { addIssue }) => {
        const both = clear.find((name) => clearable[name].inputs.some((each) => input[each] !== undefined));
        if (both !== undefined)
          addIssue({ code: 'custom', path: ['clear'], message: `${both} has a new value too: leave out one of them` });
      })
      .refine(hasChange, 'Give at least one field to change'),
    output: TicketDetails,
    run: async (input, client, context) => {
      const { ticket: current } = await client.getTicket(input.ticketId, context);
      const updatedAt = current.updated_at;
      if (!updatedAt)
        throw new ToolError(
          'UPSTREAM_INVALID',
          `Zendesk did not say when ticket ${input.ticketId} last changed, so it cannot be updated safely.`,
        );
      if (input.ifUnchangedSince !== undefined && Date.parse(input.ifUnchangedSince) !== Date.parse(updatedAt)) {
        throw new ToolError(
          'CONFLICT',
          `Ticket ${input.ticketId} was last changed at ${updatedAt}, not at ${input.ifUnchangedSince}, so nothing was written. Read it again with zendesk_get_ticket, then decide.`,
        );
      }
      const type = input.type ?? current.type;
      if (input.dueAt !== undefined && type !== 'task')
        throw new ToolError(
          'INVALID_INPUT',
          `Only a task has a dueAt, and ticket ${input.ticketId} is none. Give type "task" with it, or leave it out. Nothing was written.`,
        );
      const { addTags, removeTags } = input;
      const removed = new Set(removeTags);
      const newTags =
        addTags || removeTags ? [...new Set([...(current.tags ?? []), ...(addTags ?? [])])].filter((tag) => !removed.has(tag)) : undefined;
      const fields = { ...ticketFields(input), ...cleared(input.clear), tags: newTags };
      const { ticket } = await client.updateTicket(input.ticketId, { ...fields, subject: input.subject }, updatedAt, context);
      warnOfUnkeptValues({ ...fields, tags: addTags }, withoutAssignee(ticket), whyUnkept, context);
      return viewDetails(client, ticket);
    },
  }),
];
