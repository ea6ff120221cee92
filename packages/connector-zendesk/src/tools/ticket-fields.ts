import { omitNullish, truncate, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from '../client.ts';
import { nextCursor, rowsOf } from '../client/cursor-page.ts';
import type { TicketField } from '../schemas.ts';

// Fields rarely change, and Zendesk asks clients to cache them.
const cacheMs = 300_000;
const perPage = { summary: 100, full: 25 };
// Options of each field in a list, and options in a page of a single field.
const maxOptions = 20;
const optionsPerPage = 100;

const TicketFieldView = z.object({
  id: z.int().describe('Field id'),
  title: z.string().optional().describe('Title that agents see'),
  type: z.string().optional().describe('Such as text, textarea, checkbox, date, integer, decimal, tagger (a choice), multiselect, status'),
  active: z.boolean().describe('False: the field is turned off'),
  required: z.boolean().describe('True: agents must fill it in to solve a ticket'),
  custom: z.boolean().describe('True: set it with customFields. False: a built-in field'),
  optionCount: z.int().optional().describe('How many choices it has; absent if it is no choice'),
  description: z.string().optional().describe('What the field is for; only with detail "full"'),
  pattern: z.string().optional().describe('Regular expression that its text must match; only with detail "full"'),
  tag: z.string().optional().describe('Tag that a checked checkbox adds to the ticket; only with detail "full"'),
  options: z
    .array(z.object({ name: z.string().describe('Name that agents see'), value: z.string().describe('Its tag: the value to set') }))
    .optional()
    .describe(`Its choices, the first ${maxOptions} in a list, ${optionsPerPage} at a time for a single field; only with detail "full"`),
});

/** A cursor's content: the position after a field, or within the choices of one field. */
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
      'Lists the fields that Zendesk tickets have in this account, built-in and custom, with their ids and types. Use it before you set customFields; with fieldId it returns one field with all its choices. The answer is cached for five minutes.',
    effect: 'read',
    cache: { ttlMs: cacheMs },
    input: z.object({
      fieldId: z.int().optional().describe('Only this field. Absent: all fields'),
      detail: z
        .enum(['summary', 'full'])
        .optional()
        .describe(
          `"full": with descriptions, patterns and the first ${maxOptions} choices. Default: full for one field, otherwise summary`,
        ),
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
      const position: Position =
        cursor === undefined
          ? { fieldId: input.fieldId, detail: input.detail ?? (input.fieldId === undefined ? 'summary' : 'full') }
          : context.cursor.read(cursor, Position, input);
      const { fieldId, detail, after, from = 0 } = position;
      if (fieldId !== undefined) {
        const field = await client.getTicketField(fieldId, context);
        if (detail === 'summary') return { fields: [viewSummary(field)] };
        const to = from + optionsPerPage;
        const more = optionsOf(field).length > to;
        return { fields: [viewFull(field, from, to)], ...(more && { nextCursor: context.cursor.write({ fieldId, detail, from: to }) }) };
      }
      const page = { size: perPage[detail], after };
      const found = await client.listTicketFields(page, context);
      const next = nextCursor(found, page, context);
      return {
        fields: rowsOf(found.ticket_fields, page, context).map((field) =>
          detail === 'full' ? viewFull(field, 0, maxOptions) : viewSummary(field),
        ),
        ...(next && { nextCursor: context.cursor.write({ detail, after: next }) }),
      };
    },
  }),
];

function viewSummary(field: TicketField): z.input<typeof TicketFieldView> {
  const count = optionsOf(field).length;
  return {
    id: field.id,
    active: field.active ?? true,
    required: field.required ?? false,
    // Built-in fields cannot be removed.
    custom: field.removable ?? true,
    ...(count > 0 && { optionCount: count }),
    ...omitNullish({ title: truncate(field.title, 500), type: field.type }),
  };
}

function viewFull(field: TicketField, from: number, to: number): z.input<typeof TicketFieldView> {
  const options = optionsOf(field).slice(from, to);
  return {
    ...viewSummary(field),
    ...omitNullish({ description: truncate(field.description, 1_000), pattern: field.regexp_for_validation, tag: field.tag || undefined }),
    ...(options.length > 0 && {
      options: options.map(({ name, value }) => ({ name: truncate(name, 300) ?? '', value: truncate(value, 300) ?? '' })),
    }),
  };
}

const optionsOf = (field: TicketField) => field.custom_field_options ?? field.system_field_options ?? [];
