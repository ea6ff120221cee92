import { emailAddress } from '@busbar/core';
import { z } from 'zod';
import type { TicketFields } from '../client/tickets.ts';

// Inputs that several tools share.

export const ticketId = z.int().describe('Ticket id: the number in its URL, without #');

/** `updatedAt` of a ticket, in any zone. */
export const ifUnchangedSince = z.iso.datetime({ offset: true }).overwrite(toUtc);

/** Zendesk compares whole seconds in UTC. Leaves a text unchanged that is no time, because zod calls this before it refuses one. */
function toUtc(time: string): string {
  const at = new Date(time);
  return time.endsWith('Z') || Number.isNaN(at.getTime()) ? time : `${at.toISOString().slice(0, 19)}Z`;
}

/** A list of tags. Zendesk keeps them in lower case. */
export const tags = (description: string) => z.array(tag).max(100).optional().describe(`${description}. At most 100`);

/** One tag. */
export const tag = z
  .string()
  .toLowerCase()
  .min(1)
  .max(255)
  .refine((value) => !/\s/.test(value), 'A tag has no spaces: use _ or -')
  .describe('Without spaces, 1 to 255 characters');

/** The fields that can be set at the creation of a ticket and later. `whenAbsent` says what Zendesk does without a value. */
export const ticketProperties = (whenAbsent: string) => ({
  priority: z.enum(['low', 'normal', 'high', 'urgent']).optional().describe(`Absent: ${whenAbsent}`),
  type: z.enum(['problem', 'incident', 'question', 'task']).optional().describe(`Absent: ${whenAbsent}`),
  status: z
    .enum(['new', 'open', 'pending', 'hold', 'solved'])
    .optional()
    .describe(`"pending" waits for the requester, "hold" for a third party. Absent: ${whenAbsent}`),
  assigneeEmail: emailAddress().optional().describe(`The agent to assign it to. Absent: ${whenAbsent}`),
  assigneeId: z.int().optional().describe(`The agent’s user id instead. Absent: ${whenAbsent}`),
  groupId: z.int().optional().describe(`Group to assign it to. Absent: ${whenAbsent}`),
  organizationId: z.int().optional().describe(`One of the requester’s organizations. Absent: ${whenAbsent}`),
  externalId: z.string().min(1).max(255).optional().describe(`Its id in another system, 1 to 255 characters. Absent: ${whenAbsent}`),
  dueAt: z.iso.datetime({ offset: true }).optional().describe(`When a "task" is due: 2026-03-01T09:30:00Z. Absent: ${whenAbsent}`),
  customFields: z
    .array(
      z.object({
        id: z.int().describe('Field id: see zendesk_list_ticket_fields'),
        value: z
          .union([z.string(), z.boolean(), z.array(z.string()).max(100)])
          .describe(
            'Text, number or date (YYYY-MM-DD) as a string; a choice by its tag, several (at most 100) as a list; a checkbox as true or false; empty text: no value',
          ),
      }),
    )
    .min(1)
    .max(50)
    .optional()
    .describe(`1 to 50. Absent: ${whenAbsent}`),
});

/** Refuses properties that would have no effect together. `type` is the ticket's type if the inputs leave it unchanged. */
export function checkProperties(
  { assigneeEmail, assigneeId, customFields = [] }: Partial<TicketProperties>,
  { addIssue }: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  const problem = (path: string, message: string): void => addIssue({ code: 'custom', path: [path], message });
  if (assigneeEmail !== undefined && assigneeId !== undefined) problem('assigneeEmail', 'Give assigneeEmail or assigneeId, not both');
  const ids = customFields.map(({ id }) => id);
  const repeated = ids.find((id, index) => ids.indexOf(id) < index);
  if (repeated !== undefined) problem('customFields', `Give field ${repeated} only once, with all its values in one list`);
}

type TicketProperties = z.output<z.ZodObject<ReturnType<typeof ticketProperties>>>;

/** Returns the inputs under Zendesk's field names. */
export function ticketFields(input: TicketProperties): TicketFields {
  return {
    priority: input.priority,
    type: input.type,
    status: input.status,
    assignee_email: input.assigneeEmail,
    assignee_id: input.assigneeId,
    group_id: input.groupId,
    organization_id: input.organizationId,
    external_id: input.externalId,
    due_at: input.dueAt,
    custom_fields: input.customFields,
  };
}
