import { z } from 'zod';

// Zendesk's answers, with the fields that the tools use. Nearly every field may be null or absent, although Zendesk's API description says
// otherwise.

const id = z.int().nullish();
const ids = z.array(z.int()).nullish();
const text = z.string().nullish();
/** Values of the fields that an account has defined, by their keys. */
const fieldValues = z.record(z.string(), z.unknown()).nullish();

export const User = z.looseObject({
  id,
  name: text,
  email: text,
  role: text,
  phone: text,
  organization_id: id,
  locale: text,
  time_zone: text,
  tags: z.array(z.string()).nullish(),
  notes: text,
  details: text,
  external_id: text,
  active: z.boolean().nullish(),
  suspended: z.boolean().nullish(),
  default_group_id: id,
  user_fields: fieldValues,
  created_at: text,
  updated_at: text,
  last_login_at: text,
});
export type User = z.output<typeof User>;

export const Ticket = z.looseObject({
  id: z.int(),
  subject: text,
  description: text,
  status: text,
  priority: text,
  type: text,
  requester_id: id,
  assignee_id: id,
  group_id: id,
  organization_id: id,
  external_id: text,
  tags: z.array(z.string()).nullish(),
  custom_fields: z.array(z.looseObject({ id: z.int(), value: z.unknown() })).nullish(),
  ticket_form_id: id,
  brand_id: id,
  custom_status_id: id,
  problem_id: id,
  submitter_id: id,
  email_cc_ids: ids,
  follower_ids: ids,
  followup_ids: ids,
  via: z.looseObject({ channel: z.union([z.string(), z.number()]).nullish() }).nullish(),
  // An object, or the state "offered" or "unoffered".
  satisfaction_rating: z
    .union([z.string(), z.looseObject({ score: text, comment: text })])
    .nullish()
    .catch(undefined),
  due_at: text,
  created_at: text,
  updated_at: text,
});
export type Ticket = z.output<typeof Ticket>;

export const Attachment = z.looseObject({ id, file_name: text, content_type: text, size: id });

export const Comment = z.looseObject({
  id,
  author_id: id,
  public: z.boolean().nullish(),
  body: text,
  plain_body: text,
  created_at: text,
  attachments: z.array(Attachment).nullish(),
});
export type Comment = z.output<typeof Comment>;

export const Organization = z.looseObject({
  id: z.int(),
  name: text,
  external_id: text,
  domain_names: z.array(z.string()).nullish(),
  details: text,
  notes: text,
  group_id: id,
  tags: z.array(z.string()).nullish(),
  shared_tickets: z.boolean().nullish(),
  organization_fields: fieldValues,
  created_at: text,
  updated_at: text,
});
export type Organization = z.output<typeof Organization>;

export const TicketFieldOption = z.looseObject({ name: text, value: text });
const options = z.array(TicketFieldOption).nullish();
export const TicketField = z.looseObject({
  id: z.int(),
  title: text,
  type: text,
  description: text,
  active: z.boolean().nullish(),
  required: z.boolean().nullish(),
  removable: z.boolean().nullish(),
  regexp_for_validation: text,
  tag: text,
  custom_field_options: options,
  system_field_options: options,
});
export type TicketField = z.output<typeof TicketField>;

export const JobStatus = z.looseObject({
  id: z.string(),
  job_type: text,
  status: text,
  total: z.int().nullish(),
  progress: z.int().nullish(),
  message: text,
  // For a job about a single record, this is that record instead of a list.
  results: z.unknown().optional(),
});

const users = z.array(User).nullish();

// An answer has `meta` and `links` if it is paged by cursor, and `next_page` if it is paged by number.
const pageLinks = {
  meta: z.looseObject({ has_more: z.boolean().nullish(), after_cursor: text }).nullish(),
  links: z.looseObject({ next: text }).nullish(),
  next_page: text,
};
const PageLinks = z.object(pageLinks);
/** Where a list goes on. */
export type PageLinks = z.output<typeof PageLinks>;

export const UserAnswer = z.looseObject({ user: User });
export const UsersAnswer = z.looseObject({ users: z.array(User) });
export const TicketAnswer = z.looseObject({ ticket: Ticket, users });
/** The record of a change of a ticket. One of its events is the new comment. */
const Audit = z.looseObject({
  events: z.array(z.looseObject({ id, type: text, public: z.boolean().nullish().catch(undefined) })).nullish(),
});
export type Audit = z.output<typeof Audit>;
export const TicketWriteAnswer = z.looseObject({ ticket: Ticket, audit: Audit.nullish() });
export const CommentsAnswer = z.looseObject({ comments: z.array(Comment), users, ...pageLinks });
export const SearchAnswer = z.looseObject({ results: z.array(Ticket), count: z.int().nullish(), next_page: text });
export const ExportAnswer = z.looseObject({ results: z.array(Ticket), ...pageLinks });
export const TagsAnswer = z.looseObject({ tags: z.array(z.string()) });
export const CountAnswer = z.looseObject({ count: z.int() });
export const OrganizationAnswer = z.looseObject({ organization: Organization });
export const OrganizationsAnswer = z.looseObject({ organizations: z.array(Organization) });
export const TicketFieldAnswer = z.looseObject({ ticket_field: TicketField });
export const TicketFieldsAnswer = z.looseObject({ ticket_fields: z.array(TicketField), ...pageLinks });
export const JobAnswer = z.looseObject({ job_status: JobStatus });
