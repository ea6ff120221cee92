import { emailAddress, omitNullish, truncate, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import { suppressionLists, type SendGridClient } from '../client.ts';
import type { Suppression } from '../schemas.ts';

const maxReason = 500;

const list = z
  .enum(suppressionLists)
  .describe(
    '"bounces": refused permanently; "blocks": refused temporarily; "invalid_emails"; "spam_reports"; "unsubscribes": from all mail',
  );

const SuppressionView = z.object({
  email: z.string().describe('Suppressed address'),
  createdAt: z.string().optional().describe('When it was added to the list'),
  reason: z.string().optional().describe('Reason that the other server gave'),
  status: z.string().optional().describe('SMTP status'),
});

const viewSuppression = ({ email, created, reason, status }: Suppression): z.input<typeof SuppressionView> => ({
  email,
  ...omitNullish({
    createdAt: typeof created === 'number' ? new Date(created * 1_000).toISOString() : undefined,
    reason: truncate(reason, maxReason),
    status,
  }),
});

const time = z.iso.datetime({ offset: true }).optional();
const toSeconds = (at: string | undefined): number | undefined => (at === undefined ? undefined : Math.floor(Date.parse(at) / 1_000));

/** A cursor's content: the inputs of the list and the offset in it. */
const Position = z.object({
  list: z.enum(suppressionLists),
  email: z.string().optional(),
  start: z.int().optional(),
  end: z.int().optional(),
  limit: z.int().min(1).max(500),
  offset: z.int().min(0),
});
type Position = z.output<typeof Position>;

export const suppressionTools = (tool: ToolBuilder<SendGridClient>) => [
  tool({
    name: 'sendgrid_list_suppressions',
    description:
      'Lists addresses that SendGrid does not send to, and why. Use it after an e-mail was dropped, or to see whether an address is suppressed.',
    effect: 'read',
    input: z.object({
      list,
      email: z.string().trim().min(1).max(254).optional().describe('An address or its beginning, at most 254 characters. Absent: all'),
      createdAfter: time.describe('Listed at or after this time, such as 2026-03-01T09:30:00Z. Absent: any time'),
      createdBefore: time.describe('Listed until this time. Absent: any time'),
      limit: z.int().min(1).max(500).optional().describe('Addresses in a page, 1 to 500. Default: 50'),
      cursor: z.string().optional().describe('nextCursor of an earlier answer, for its next page. Absent: the first page'),
    }),
    output: z.object({
      suppressions: z.array(SuppressionView).describe('The page'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ cursor, ...input }, client, context) => {
      const given = { list: input.list, email: input.email, start: toSeconds(input.createdAfter), end: toSeconds(input.createdBefore) };
      const position: Position = {
        ...(cursor === undefined ? { ...given, limit: 50, offset: 0 } : context.cursor.read(cursor, Position, given)),
        ...(input.limit !== undefined && { limit: input.limit }),
      };
      const found = await client.listSuppressions(position.list, position, position, context);
      // SendGrid does not say whether more follow, so a full page means that there may be more.
      const next = found.length < position.limit ? undefined : { ...position, offset: position.offset + position.limit };
      return {
        suppressions: found.slice(0, position.limit).map(viewSuppression),
        ...(next && { nextCursor: context.cursor.write(next) }),
      };
    },
  }),

  tool({
    name: 'sendgrid_remove_suppression',
    description:
      'Removes one address from a suppression list, so that SendGrid sends to it again. Do this only if the recipient wants e-mail again or the mailbox works again: otherwise the sender’s reputation suffers.',
    effect: 'destructive',
    input: z.object({ list, email: emailAddress().describe('The full address') }),
    output: z.object({
      removed: z.boolean().describe('False: the address was not on this list'),
    }),
    run: async (input, client, context) => ({ removed: await client.removeSuppression(input.list, input.email, context) }),
  }),
];
