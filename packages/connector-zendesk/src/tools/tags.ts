import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { warnOfUnkeptValues } from '../unkept-values.ts';
import { ifUnchangedSince, tag, ticketId } from './ticket-inputs.ts';

const whyUnkept = 'A rule of the account may have removed them, or Zendesk does not take all of their characters.';

export const tagTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_apply_tags',
    description:
      'Adds tags to a Zendesk ticket, or removes some, and returns all tags that it has afterwards. The other tags stay. A second call changes nothing more. Tags can start triggers of the account.',
    effect: 'write',
    idempotent: true,
    input: z.object({
      ticketId,
      tags: z.array(tag).min(1).max(100).describe('1 to 100 tags'),
      action: z.enum(['add', 'remove']).default('add').describe('Default: add'),
      ifUnchangedSince: ifUnchangedSince
        .optional()
        .describe(
          'updatedAt of the ticket as you read it: if it changed since, nothing is written. Absent: the tags change even if it has changed',
        ),
    }),
    output: z.object({
      ticketId: z.int().describe('Ticket id'),
      tags: z.array(z.string()).describe('All tags of the ticket now, at most 500'),
    }),
    run: async (input, client, context) => {
      const method = input.action === 'remove' ? 'DELETE' : 'PUT';
      const tags = await client.applyTags(input.ticketId, method, input.tags, input.ifUnchangedSince, context);
      if (input.action === 'add') warnOfUnkeptValues({ tags: input.tags }, { tags }, whyUnkept, context);
      return { ticketId: input.ticketId, tags: tags.slice(0, 500) };
    },
  }),
];
