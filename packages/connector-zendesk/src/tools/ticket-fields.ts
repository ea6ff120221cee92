import type { ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { cut, present } from '../outputs.ts';
import type { TicketField } from '../schemas.ts';

// Fields change seldom, and Zendesk itself asks that they be cached.
const cacheMs = 300_000;
const perPage = { summary: 100, full: 25 };
// Of each field in a list, and of one field alone.
const maxOptions = 20;
const optionsPerPage = 100;

const TicketFieldView = z.object({
  id: z.int().describe('Field id'),
  title: z.string().optional().describe('Title that agents see'),
  type: z.string().optional().describe('Such as text, textarea, checkbox, date, integer, decimal, tagger (a choice), multiselect, status'),
  active: z.boolean().describe('False: it is switched off'),
  required: z.boolean().describe('True: agents must fill it in to solve a ticket'),
  custom: z.boolean().describe('True: set it with customFields. False: one of Zendesk’s own'),
  optionCount: z.int().optional().describe('How many choices it has; absent where it is no choice'),
  description: z.string().optional().describe('What it is for; with detail "full" alone'),
  pattern: z.string().optional().describe('Regular expression that its text must fit; with detail "full" alone'),
  options: z
    .array(z.object({ name: z.string().describe('What agents see'), value: z.string().describe('Its tag: the value to set') }))
    .optional()
    .describe(`Its choices, the first ${maxOptions} in a list, ${optionsPerPage} at a time for one field; with detail "full" alone`),
});

/** Where a list goes on: after a field, or within the choices of one. */
const Position = z.object({
  fieldId: z.int().optional(),
  detail: z.enum(['summary', 'full']),
  after: z.string().optional(),
  from: z.int().optional(),
});
type Position = z.output<typeof Position>;

export const ticketFieldTools = (tool: ToolBuilder<ZendeskClient>) => [
  tool({
    name: 'zendesk_list_ticket_fields',
    description:
      'Lists the fields that Zendesk tickets have in this account, its own and custom ones, with their ids and types. Use it before you set customFields; with fieldId it gives one field with all its choices. Kept for five minutes.',
    effect: 'read',
    cache: { ttlMs: cacheMs },
    input: z.object({
      fieldId: z.int().optional().describe('This field alone, in full. Absent: all'),
      detail: z
        .enum(['summary', 'full'])
        .default('summary')
        .describe(`"full": with descriptions, patterns and the first ${maxOptions} choices. Default: summary`),
      cursor: z
        .string()
        .optional()
        .describe('nextCursor of an earlier answer: the next page of that list, or of that field’s choices. Absent: the first page'),
    }),
    output: z.object({
      fields: z.array(TicketFieldView).describe('The page'),
      nextCursor: z.string().optional().describe('Pass it as cursor for the next page; absent on the last one'),
    }),
    run: async ({ cursor, ...input }, client, context) => {
      const position: Position = cursor === undefined ? input : context.cursor.read(cursor, Position);
      const { fieldId, detail, after, from = 0 } = position;
      if (fieldId !== undefined) {
        const field = await client.getTicketField(context, fieldId);
        const to = from + optionsPerPage;
        const more = optionsOf(field).length > to;
        return { fields: [viewFull(field, from, to)], ...(more && { nextCursor: context.cursor.write({ fieldId, detail, from: to }) }) };
      }
      const size = perPage[detail];
      const page = await client.listTicketFields(context, { size, after });
      const next = page.meta?.has_more === true ? page.meta.after_cursor : undefined;
      return {
        fields: page.ticket_fields.slice(0, size).map((field) => (detail === 'full' ? viewFull(field, 0, maxOptions) : view(field))),
        ...(next && { nextCursor: context.cursor.write({ detail, after: next }) }),
      };
    },
  }),
];

type Given = z.input<typeof TicketFieldView>;

function view(field: TicketField): Given {
  const count = optionsOf(field).length;
  return {
    id: field.id,
    active: field.active ?? true,
    required: field.required ?? false,
    // Zendesk's own cannot be removed.
    custom: field.removable ?? true,
    ...(count > 0 && { optionCount: count }),
    ...present({ title: cut(field.title, 500), type: field.type }),
  };
}

function viewFull(field: TicketField, from: number, to: number): Given {
  const options = optionsOf(field).slice(from, to);
  return {
    ...view(field),
    ...present({ description: cut(field.description, 1_000), pattern: field.regexp_for_validation }),
    ...(options.length > 0 && {
      options: options.map(({ name, value }) => ({ name: cut(name, 300) ?? '', value: cut(value, 300) ?? '' })),
    }),
  };
}

const optionsOf = (field: TicketField) => field.custom_field_options ?? field.system_field_options ?? [];
