import { ToolError, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { eventLog } from '../webhook.ts';

/** A cursor's content: the inputs of the list and the id of the last event returned. */
const Position = z.object({
  about: z.string().optional(),
  type: z.string().optional(),
  limit: z.int().min(1).max(100),
  before: z.string(),
});

const recordId = (kind: string) => z.int().optional().describe(`Events about this ${kind}. Without any of the three ids: all events`);

export const eventTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_list_events',
    description: `Lists the events that Zendesk has reported to this server, newest first: tickets created, statuses changed, comments added and others that the account’s webhook is subscribed to. Sends no request to Zendesk. The newest ${eventLog.max} are kept; without a webhook there are none.`,
    effect: 'read',
    input: z
      .object({
        ticketId: recordId('ticket'),
        userId: recordId('user'),
        organizationId: recordId('organization'),
        type: z.string().trim().max(200).optional().describe('Such as ticket.comment_added, at most 200 characters. Absent: any'),
        limit: z.int().min(1).max(100).optional().describe('Events in a page, 1 to 100. Default: 20'),
        cursor: z.string().optional().describe('nextCursor of an earlier answer, for its next page. Absent: the newest'),
      })
      .refine(
        ({ ticketId, userId, organizationId }) => [ticketId, userId, organizationId].filter((id) => id !== undefined).length <= 1,
        'Give only one of ticketId, userId and organizationId',
      ),
    output: z.object({
      events: z
        .array(
          z.object({
            id: z.string().describe('Event id'),
            type: z.string().describe('What happened, such as ticket.status_changed'),
            about: z.string().describe('The record that changed, such as ticket:123'),
            at: z.string().optional().describe('Time of the event'),
            actorId: z.string().optional().describe('Id of the user who did it'),
            change: z.string().describe('The change as Zendesk describes it, as JSON, cut after 2,000 characters'),
          }),
        )
        .describe('The page'),
      nextCursor: z.string().optional().describe('Pass it as cursor for older events; absent if there are none'),
    }),
    run: async ({ cursor, limit: size, type, ...input }, client, context) => {
      const given = { about: recordKey(input), type };
      const position: Partial<z.output<typeof Position>> & { limit: number } =
        cursor === undefined ? { ...given, limit: size ?? 20 } : context.cursor.read(cursor, Position, given);
      const limit = size ?? position.limit;
      const { entries } = await client.events.read({ limit: eventLog.max, key: position.about });
      const all = entries.filter(({ value }) => position.type === undefined || value.type === position.type).toReversed();
      const last = position.before === undefined ? -1 : all.findIndex((entry) => entry.id === position.before);
      if (position.before !== undefined && last < 0)
        throw new ToolError(
          'INVALID_INPUT',
          'The events at this cursor are no longer kept. Leave the cursor out to start with the newest.',
        );
      const page = all.slice(last + 1, last + 1 + limit);
      const before = page.at(-1)?.id;
      const more = last + 1 + limit < all.length;
      return {
        events: page.map((entry) => ({ id: entry.id, ...entry.value })),
        ...(more && { nextCursor: context.cursor.write({ ...position, limit, before }) }),
      };
    },
  }),
];

interface RecordIds {
  readonly ticketId?: number | undefined;
  readonly userId?: number | undefined;
  readonly organizationId?: number | undefined;
}

function recordKey({ ticketId, userId, organizationId }: RecordIds): string | undefined {
  if (ticketId !== undefined) return `ticket:${ticketId}`;
  if (userId !== undefined) return `user:${userId}`;
  return organizationId === undefined ? undefined : `organization:${organizationId}`;
}
