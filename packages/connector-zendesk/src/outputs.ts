import { omitNullish, truncate } from '@busbar/core';
import { z } from 'zod';
import type { ZendeskClient } from './client.ts';
import type { Comment, Ticket, User } from './schemas.ts';

// The tools' outputs: the fields that a person would read first, without nulls, and bounded in size.

const maxText = 10_000;
const maxExcerpt = 300;
const maxFields = 50;
const maxIds = 100;
const maxValue = 1_000;

const Person = z.object({
  id: z.int().describe('User id'),
  name: z.string().optional().describe('Name; absent if it was not looked up'),
  email: z.string().optional().describe('E-mail address; absent if there is none or it was not looked up'),
});

const summary = {
  id: z.int().describe('Ticket id'),
  url: z.string().describe('Link for people to open the ticket'),
  subject: z.string().optional().describe('Subject'),
  status: z.string().optional().describe('new, open, pending, hold, solved or closed'),
  priority: z.string().optional().describe('low, normal, high or urgent; absent if none is set'),
  type: z.string().optional().describe('problem, incident, question or task; absent if none is set'),
  requester: Person.optional().describe('The person who asked'),
  assignee: Person.optional().describe('The agent who works on it; absent if unassigned'),
  groupId: z.int().optional().describe('Group that it is assigned to'),
  organizationId: z.int().optional().describe('Organization of the requester'),
  tags: z.array(z.string()).describe('Tags, at most 100'),
  createdAt: z.string().optional().describe('When it was created'),
  updatedAt: z.string().optional().describe('When it last changed: the value for ifUnchangedSince'),
};

/** A ticket in a list. */
export const TicketSummary = z.object({
  ...summary,
  excerpt: z.string().optional().describe(`The first ${maxExcerpt} characters of the description`),
});

/** What a ticket refers to, and where it came from. */
export const references = {
  formId: z.int().optional().describe('Form'),
  brandId: z.int().optional().describe('Brand'),
  customStatusId: z.int().optional().describe('Custom status'),
  problemId: z.int().optional().describe('The problem of which it is an incident'),
  submitterId: z.int().optional().describe('User who submitted it'),
  ccIds: z.array(z.int()).optional().describe('Users who get copies of public replies'),
  followerIds: z.array(z.int()).optional().describe('Agents who follow it'),
  followupIds: z.array(z.int()).optional().describe('Follow-up tickets'),
  channel: z.string().optional().describe('How it was created, such as email or web'),
  satisfaction: z.string().optional().describe('The requester’s rating, with its comment'),
};

/** A single ticket. */
export const TicketDetails = z.object({
  ...summary,
  description: z.string().optional().describe(`The first comment, cut after ${maxText} characters`),
  externalId: z.string().optional().describe('Its id in another system'),
  dueAt: z.string().optional().describe('When a task is due'),
  ...references,
  customFields: z
    .array(z.object({ id: z.int().describe('Field id'), value: z.string().describe('Value as text; several are separated by commas') }))
    .describe('Custom fields that have a value, at most 50'),
});

const comment = {
  id: z.int().optional().describe('Comment id'),
  author: Person.optional().describe('Author of the comment; absent: Zendesk itself'),
  public: z.boolean().describe('True: the requester sees it. False: an internal note'),
  createdAt: z.string().optional().describe('When it was written'),
};

/** A comment in a list. */
export const CommentSummary = z.object({
  ...comment,
  excerpt: z.string().describe(`The first ${maxExcerpt} characters`),
  attachmentCount: z.int().describe('How many files are attached'),
});

/** A comment in full. */
export const CommentView = z.object({
  ...comment,
  body: z.string().describe(`Plain text, cut after ${maxText} characters`),
  attachments: z
    .array(
      z.object({
        id: z.int().optional().describe('Attachment id'),
        fileName: z.string().describe('File name'),
        contentType: z.string().optional().describe('Media type'),
        bytes: z.int().optional().describe('Size'),
      }),
    )
    .describe('Attached files, at most 20, without their contents'),
});

/** The fields of a user or an organization that an account has defined. */
export const customFields = z
  .array(z.object({ key: z.string().describe('Key of the field'), value: z.string().describe('Value as text') }))
  .describe('Custom fields that have a value, at most 50');

export const UserView = z.object({
  id: z.int().describe('User id'),
  url: z.string().describe('Link for people to open the user'),
  name: z.string().optional().describe('Name'),
  email: z.string().optional().describe('Main e-mail address; absent if there is none'),
  role: z.string().optional().describe('end-user, agent or admin'),
  phone: z.string().optional().describe('Phone number'),
  organizationId: z.int().optional().describe('Main organization'),
  locale: z.string().optional().describe('Language, such as en-US'),
  timeZone: z.string().optional().describe('Time zone'),
  tags: z.array(z.string()).describe('Tags, at most 100'),
  details: z.string().optional().describe('Details that agents recorded about the user, such as an address'),
  notes: z.string().optional().describe('Agents’ notes about the user, which the user must not see'),
  externalId: z.string().optional().describe('Id in another system'),
  groupId: z.int().optional().describe('An agent’s default group'),
  customFields,
  active: z.boolean().describe('False: the user was deleted'),
  suspended: z.boolean().describe('True: Zendesk holds the user’s tickets back, and none can be created for them'),
  createdAt: z.string().optional().describe('When the user was created'),
  updatedAt: z.string().optional().describe('When the user last changed'),
  lastLoginAt: z.string().optional().describe('When the user last signed in'),
});

type People = readonly User[] | null | undefined;

export function viewSummary(client: ZendeskClient, ticket: Ticket, people?: People): z.input<typeof TicketSummary> {
  return { ...viewTicket(client, ticket, people), ...omitNullish({ excerpt: truncate(ticket.description, maxExcerpt) }) };
}

export function viewDetails(client: ZendeskClient, ticket: Ticket, people?: People): z.input<typeof TicketDetails> {
  const filled = (ticket.custom_fields ?? []).flatMap(({ id, value }) => {
    const text = asText(value);
    return text === '' ? [] : [{ id, value: text }];
  });
  return {
    ...viewTicket(client, ticket, people),
    ...omitNullish({ description: truncate(ticket.description, maxText), externalId: ticket.external_id, dueAt: ticket.due_at }),
    ...omitNullish({
      formId: ticket.ticket_form_id,
      brandId: ticket.brand_id,
      customStatusId: ticket.custom_status_id,
      problemId: ticket.problem_id,
      submitterId: ticket.submitter_id,
      ccIds: someIds(ticket.email_cc_ids),
      followerIds: someIds(ticket.follower_ids),
      followupIds: someIds(ticket.followup_ids),
      channel: asText(ticket.via?.channel) || undefined,
      satisfaction: viewRating(ticket.satisfaction_rating),
    }),
    customFields: filled.slice(0, maxFields),
  };
}

function viewRating(rating: Ticket['satisfaction_rating']): string | undefined {
  const text = typeof rating === 'string' ? rating : [rating?.score, rating?.comment].filter(Boolean).join(': ');
  return truncate(text, maxValue) || undefined;
}

const someIds = (ids: readonly number[] | null | undefined): number[] | undefined =>
  ids && ids.length > 0 ? ids.slice(0, maxIds) : undefined;

/** Writes the value of a field as text of limited length. Empty for a field without a value. */
function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return truncate(value.join(', '), maxValue) ?? '';
  return truncate(typeof value === 'object' ? JSON.stringify(value) : String(value), maxValue) ?? '';
}

/** Returns the custom fields that have a value. */
export const viewFields = (fields: Readonly<Record<string, unknown>> | null | undefined): z.input<typeof customFields> =>
  Object.entries(fields ?? {})
    .map(([key, value]) => ({ key, value: asText(value) }))
    .filter(({ value }) => value !== '')
    .slice(0, maxFields);

function viewTicket(client: ZendeskClient, ticket: Ticket, people: People) {
  return {
    id: ticket.id,
    url: client.ticketUrl(ticket.id),
    tags: (ticket.tags ?? []).slice(0, 100),
    ...omitNullish({
      subject: truncate(ticket.subject, 500),
      status: ticket.status,
      priority: ticket.priority,
      type: ticket.type,
      requester: person(ticket.requester_id, people),
      assignee: person(ticket.assignee_id, people),
      groupId: ticket.group_id,
      organizationId: ticket.organization_id,
      createdAt: ticket.created_at,
      updatedAt: ticket.updated_at,
    }),
  };
}

/** Zendesk leaves the plain text of some comments empty. */
const bodyOf = ({ plain_body, body }: Comment): string | null | undefined => plain_body || body;

export function viewComment(comment: Comment, people: People): z.input<typeof CommentView> {
  return {
    ...viewCommonFields(comment, people),
    body: truncate(bodyOf(comment), maxText) ?? '',
    attachments: (comment.attachments ?? []).slice(0, 20).map(({ id, file_name, content_type, size }) => ({
      fileName: file_name ?? 'unnamed',
      ...omitNullish({ id, contentType: content_type, bytes: size }),
    })),
  };
}

export function viewCommentSummary(comment: Comment, people: People): z.input<typeof CommentSummary> {
  return {
    ...viewCommonFields(comment, people),
    excerpt: truncate(bodyOf(comment), maxExcerpt) ?? '',
    attachmentCount: comment.attachments?.length ?? 0,
  };
}

const viewCommonFields = (comment: Comment, people: People) => ({
  public: comment.public ?? false,
  ...omitNullish({ id: comment.id, author: person(comment.author_id, people), createdAt: comment.created_at }),
});

export function viewUser(client: ZendeskClient, user: User & { readonly id: number }): z.input<typeof UserView> {
  return {
    id: user.id,
    url: client.userUrl(user.id),
    tags: (user.tags ?? []).slice(0, 100),
    customFields: viewFields(user.user_fields),
    active: user.active ?? true,
    suspended: user.suspended ?? false,
    ...omitNullish({
      name: user.name,
      email: user.email,
      role: user.role,
      phone: user.phone,
      organizationId: user.organization_id,
      locale: user.locale,
      timeZone: user.time_zone,
      details: truncate(user.details, 2_000),
      notes: truncate(user.notes, 2_000),
      externalId: user.external_id,
      groupId: user.default_group_id,
      createdAt: user.created_at,
      updatedAt: user.updated_at,
      lastLoginAt: user.last_login_at,
    }),
  };
}

function person(id: number | null | undefined, people: People): z.input<typeof Person> | undefined {
  // Zendesk returns -1 if the system is the author.
  if (typeof id !== 'number' || id < 0) return undefined;
  const user = people?.find((candidate) => candidate.id === id);
  return { id, ...omitNullish({ name: user?.name, email: user?.email }) };
}
