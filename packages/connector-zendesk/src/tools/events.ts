import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { eventLog } from '../webhook.ts';

/** Where a list goes on: after the event of this id. */
const Position = z.object({
  about: z.string().optional(),
  type: z.string().optional(),
  limit: z.int().min(1).max(100),
  before: z.string(),
});

const id = (whose: string) =>
  z.int().optional().describe(`Events about this ${whose}. Absent: see the others; without any of the three, all`);

export const eventTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_list_events',
    description: `Lists what Zendesk has told this server of, newest first: tickets created, statuses changed, comments added and the like, as far as the account’s webhook is subscribed to them. Costs no request. The newest ${eventLog.max} are kept; none are there where no webhook is set up.`,
    effect: 'read',
    input: z
      .object({
        ticketId: id('ticket'),
        userId: id('user'),
        organizationId: id('organization'),
        type: z.string().trim().max(200).optional().describe('Such as ticket.comment_added, at most 200 characters. Absent: any'),
        limit: z.int().min(1).max(100).default(20).describe('Events in a page, 1 to 100. Default: 20'),
        cursor: z
          .string()
          .optional()
          .describe('nextCursor of an earlier answer: the next page; other inputs are ignored. Absent: the newest'),
      })
      .refine(
        ({ ticketId, userId, organizationId }) => [ticketId, userId, organizationId].filter((one) => one !== undefined).length <= 1,
        'Give one of ticketId, userId and organizationId',
      ),
    output: z.object({
      events: z
        .array(
          z.object({
            id: z.string().describe('Event id'),
            type: z.string().describe('What happened, such as ticket.status_changed'),
            about: z.string().describe('The record that it happened to, such as ticket:123'),
            at: z.string().optional().describe('When'),
            actorId: z.string().optional().describe('User id of whoever did it'),
            change: z.string().describe('What Zendesk says of the change, as JSON, cut after 2,000 characters'),
          }),
        )
        .describe('The page'),
      nextCursor: z.string().optional().describe('Pass it as cursor for older events; absent where there are none'),
    }),
    run: async ({ cursor, limit, type, ...input }, client, context) => {
      const position: Partial<z.output<typeof Position>> & { limit: number } =
        cursor === undefined ? { about: aboutOf(input), type, limit } : context.cursor.read(cursor, Position);
      const { entries } = await client.events.read({ limit: eventLog.max, key: position.about });
      const all = entries.filter(({ value }) => position.type === undefined || value.type === position.type).toReversed();
      const last = position.before === undefined ? -1 : all.findIndex((entry) => entry.id === position.before);
      if (position.before !== undefined && last < 0)
        throw new ToolError(
          'INVALID_INPUT',
          'The events that this cursor pointed at are no longer kept. Leave it out to start with the newest.',
        );
      const page = all.slice(last + 1, last + 1 + position.limit);
      const before = page.at(-1)?.id;
      const more = last + 1 + position.limit < all.length;
      return {
        events: page.map((entry) => ({ id: entry.id, ...entry.value })),
        ...(more && { nextCursor: context.cursor.write({ ...position, before }) }),
      };
    },
  }),
];

interface About {
  readonly ticketId?: number | undefined;
  readonly userId?: number | undefined;
  readonly organizationId?: number | undefined;
}

function aboutOf({ ticketId, userId, organizationId }: About): string | undefined {
  if (ticketId !== undefined) return `ticket:${ticketId}`;
  if (userId !== undefined) return `user:${userId}`;
  return organizationId === undefined ? undefined : `organization:${organizationId}`;
}
