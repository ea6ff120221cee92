import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { TicketSummary, viewSummary } from '../outputs.ts';
import { ticketQuery } from '../search-query.ts';

// Zendesk sorts and counts, but shows no more than this many; or it shows all, by a cursor, in order of creation alone.
const maxSorted = 1_000;

const date = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).optional();
// A cursor carries its query, and no cursor may be longer than 8 KiB.
const person = z.string().trim().max(150).optional();

/** Where a search goes on: the query as it was, and the place in its results. */
const Position = z.object({
  query: z.string(),
  order: z.enum(['newest', 'updated', 'all']),
  limit: z.int().min(1).max(100),
  page: z.int().min(1).optional(),
  after: z.string().optional(),
});
type Position = z.output<typeof Position>;

export const searchTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_search_tickets',
    description:
      'Finds Zendesk tickets by words, requester, assignee, organization, status, priority, tag and dates. All conditions that you give must hold; within status and priority one of the values. Gives summaries, a page at a time; read a ticket in full with zendesk_get_ticket. Tickets created or changed in the last minutes may not be found yet: read those by id.',
    effect: 'read',
    input: z.object({
      text: z
        .string()
        .trim()
        .max(300)
        .optional()
        .describe('Words that must occur in subject, description or comments, at most 300 characters. Absent: any'),
      requester: person.describe(
        'Who asked: e-mail address, full name, user id, or "me" for the user that this connection acts as. At most 150 characters. Absent: anyone',
      ),
      assignee: person.describe(
        'Who works on it: e-mail address, full name, user id, "me", or "none" for unassigned tickets. At most 150 characters. Absent: anyone or nobody',
      ),
      organization: person.describe('Name or id of the requester’s organization, at most 150 characters. Absent: any or none'),
      status: z
        .array(z.enum(['new', 'open', 'pending', 'hold', 'solved', 'closed']))
        .max(6)
        .optional()
        .describe('Any of these. Unfinished are new, open, pending and hold. Absent: all'),
      priority: z
        .array(z.enum(['low', 'normal', 'high', 'urgent']))
        .max(4)
        .optional()
        .describe('Any of these. Absent: all, and tickets without one'),
      tag: z.string().trim().max(100).optional().describe('A tag that it must have, at most 100 characters. Absent: any or none'),
      createdAfter: date.describe('Created on or after this date (2026-03-01) or time (2026-03-01T09:30:00Z). Absent: any time'),
      createdBefore: date.describe('Created before it, in the same form. Absent: any time'),
      updatedAfter: date.describe('Last changed on or after it, in the same form. Absent: any time'),
      updatedBefore: date.describe('Last changed before it, in the same form. Absent: any time'),
      order: z
        .enum(['newest', 'updated', 'all'])
        .default('newest')
        .describe(
          '"newest" created or "updated" last come first: counted, and at most 1,000. "all": every match in order of creation, uncounted, and with at least one condition. Default: newest',
        ),
      limit: z.int().min(1).max(100).default(20).describe('Tickets in a page, 1 to 100. Default: 20'),
      cursor: z
        .string()
        .optional()
        .describe(
          'nextCursor of an earlier answer: gives the next page of that same search and ignores all other inputs. Absent: the first page',
        ),
    }),
    output: z.object({
      tickets: z.array(TicketSummary).describe('The page'),
      total: z.int().optional().describe('How many tickets match in all; absent with order "all"'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ cursor, ...input }, client, context) => {
      const position: Position =
        cursor === undefined
          ? { query: ticketQuery(input), order: input.order, limit: input.limit }
          : context.cursor.read(cursor, Position);
      if (position.order === 'all') {
        if (position.query === '')
          throw new ToolError(
            'INVALID_INPUT',
            'Give at least one condition with order "all", such as createdAfter, or use order "newest".',
          );
        const { results, meta } = await client.exportTickets(context, position.query, { size: position.limit, after: position.after });
        const after = meta?.has_more === true ? meta.after_cursor : undefined;
        return {
          tickets: results.slice(0, position.limit).map((ticket) => viewSummary(client, ticket)),
          ...(after && { nextCursor: context.cursor.write({ ...position, after }) }),
        };
      }
      const number = position.page ?? 1;
      const sortBy = position.order === 'updated' ? 'updated_at' : 'created_at';
      const found = await client.searchTickets(context, position.query, { sortBy, number, size: position.limit });
      const more = typeof found.next_page === 'string';
      const reachable = (number + 1) * position.limit <= maxSorted;
      if (more && !reachable)
        context.warn(
          `Zendesk shows no more than ${maxSorted} tickets in this order. Narrow the search, or use order "all" to read every match.`,
        );
      return {
        tickets: found.results.slice(0, position.limit).map((ticket) => viewSummary(client, ticket)),
        ...(typeof found.count === 'number' && { total: found.count }),
        ...(more && reachable && { nextCursor: context.cursor.write({ ...position, page: number + 1 }) }),
      };
    },
  }),
];
