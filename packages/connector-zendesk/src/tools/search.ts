import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { nextCursor, rowsOf } from '../client/cursor-page.ts';
import type { Ticket } from '../schemas.ts';
import { ticketQuery } from '../search-query.ts';
import { ListedTicket, missingFields, ticketListFields, viewTicketList } from '../ticket-list.ts';
import { ticketFilter } from './ticket-filter.ts';

// Zendesk returns at most this many results of a sorted and counted search. An export returns all, by cursor, in order of creation only.
const maxSorted = 1_000;
const maxPage = 100;
// Full tickets are long, so a page has fewer of them.
const maxFullPage = 25;

const viewInputs = {
  detail: z
    .enum(['summary', 'full'])
    .optional()
    .describe(`"full": whole descriptions and all fields, at most ${maxFullPage} in a page. Default: summary`),
  fields: z
    .array(z.enum(ticketListFields))
    .max(ticketListFields.length)
    .optional()
    .describe('Only these fields, and the id. Absent: all fields of the detail'),
};

/** A cursor's content: the query, how its tickets are shown, and the position in its results. */
const Position = z.object({
  query: z.string(),
  order: z.enum(['newest', 'updated', 'all']),
  limit: z.int().min(1).max(100),
  detail: z.enum(['summary', 'full']),
  fields: viewInputs.fields,
  page: z.int().min(1).optional(),
  after: z.string().optional(),
});
type Position = z.output<typeof Position>;

export const searchTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_search_tickets',
    description:
      'Finds Zendesk tickets by words, people, organization, status, priority, tag and dates. All conditions that you give must hold; of status and priority, one of the values. Returns summaries, a page at a time; read one in full with zendesk_get_ticket. Changes of the last minutes may not be found yet: read such a ticket by its id.',
    effect: 'read',
    input: z
      .object({
        ...ticketFilter,
        order: z
          .enum(['newest', 'updated', 'all'])
          .optional()
          .describe(
            '"newest" created or last "updated" first, at most 1,000; "all": every match, oldest first, with at least one condition. Default: newest',
          ),
        ...viewInputs,
        limit: z.int().min(1).max(100).optional().describe('Tickets in a page, 1 to 100. Default: 20'),
        cursor: z.string().optional().describe('nextCursor of an earlier answer, for its next page. Absent: the first page'),
      })
      .superRefine(({ cursor, detail, fields }, { addIssue }) => {
        // The cursor says which detail the list has.
        const missing = cursor === undefined && missingFields(fields, detail ?? 'summary');
        if (missing) addIssue({ code: 'custom', path: ['fields'], message: missing });
      }),
    output: z.object({
      tickets: z.array(ListedTicket).describe('The page'),
      total: z.int().optional().describe('How many tickets match in all; absent with order "all"'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ cursor, ...input }, client, context) => {
      const { order, detail, fields } = input;
      const query = ticketQuery(input);
      const read = (token: string) => context.cursor.read(token, Position, { query: query || undefined, order, detail, fields });
      const first = { query, order: order ?? 'newest', detail: detail ?? 'summary', fields, limit: 20 };
      const list: Position = cursor === undefined ? first : read(cursor);
      const limit = Math.min(input.limit ?? list.limit, list.detail === 'full' ? maxFullPage : maxPage);
      if (list.page !== undefined && limit !== list.limit)
        throw new ToolError(
          'INVALID_INPUT',
          `The cursor counts pages of ${list.limit} tickets. Leave limit out, or start again without it.`,
        );
      const position = { ...list, limit };
      const viewPage = (tickets: readonly Ticket[]) => viewTicketList(client, tickets, position);
      if (position.order === 'all') {
        if (position.query === '')
          throw new ToolError(
            'INVALID_INPUT',
            'Give at least one condition with order "all", such as createdAfter, or use order "newest".',
          );
        const page = { size: position.limit, after: position.after };
        const found = await client.exportTickets(position.query, page, context);
        const after = nextCursor(found, page, context);
        return {
          tickets: viewPage(rowsOf(found.results, page, context)),
          ...(after && { nextCursor: context.cursor.write({ ...position, after }) }),
        };
      }
      const number = position.page ?? 1;
      const sortBy = position.order === 'updated' ? 'updated_at' : 'created_at';
      const found = await client.searchTickets(position.query, { sortBy, number, size: position.limit }, context);
      const more = typeof found.next_page === 'string';
      const reachable = (number + 1) * position.limit <= maxSorted;
      if (more && !reachable)
        context.warn(
          `Zendesk returns at most ${maxSorted} tickets in this order. Narrow the search, or use order "all" to read every match.`,
        );
      return {
        // The next page begins after these, so tickets beyond the limit come again there.
        tickets: viewPage(found.results.slice(0, position.limit)),
        ...(typeof found.count === 'number' && { total: found.count }),
        ...(more && reachable && { nextCursor: context.cursor.write({ ...position, page: number + 1 }) }),
      };
    },
  }),

  tool({
    name: 'zendesk_count_tickets',
    description:
      'Counts the Zendesk tickets that fit all conditions that you give, or all tickets. To learn how many, use this and not zendesk_search_tickets, which also lists them. Tickets created or changed in the last minutes may not be counted yet.',
    effect: 'read',
    input: z.object(ticketFilter),
    output: z.object({ count: z.int().describe('How many tickets match') }),
    run: async (input, client, context) => ({ count: await client.countTickets(ticketQuery(input), context) }),
  }),
];
