import { z } from 'zod';

// Zendesk's answers, as far as they are used. Nearly everything may be null or missing: Zendesk's own description is wrong about that.

const id = z.number().nullish();
const text = z.string().nullish();

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
  created_at: text,
  last_login_at: text,
});
export type User = z.output<typeof User>;

export const Ticket = z.looseObject({
  id: z.number(),
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
  custom_fields: z.array(z.looseObject({ id: z.number(), value: z.unknown() })).nullish(),
  due_at: text,
  created_at: text,
  updated_at: text,
});
export type Ticket = z.output<typeof Ticket>;

export const Comment = z.looseObject({
  id,
  author_id: id,
  public: z.boolean().nullish(),
  body: text,
  plain_body: text,
  created_at: text,
  attachments: z.array(z.looseObject({ file_name: text, content_type: text, size: id })).nullish(),
});
export type Comment = z.output<typeof Comment>;

const users = z.array(User).nullish();
const meta = z.looseObject({ has_more: z.boolean().nullish(), after_cursor: text }).nullish();

export const UserAnswer = z.looseObject({ user: User });
export const UsersAnswer = z.looseObject({ users: z.array(User) });
export const TicketAnswer = z.looseObject({ ticket: Ticket, users });
export const TicketWriteAnswer = z.looseObject({
  ticket: Ticket,
  audit: z.looseObject({ events: z.array(z.looseObject({ id, type: text })).nullish() }).nullish(),
});
export const CommentsAnswer = z.looseObject({ comments: z.array(Comment), users, meta });
export const SearchAnswer = z.looseObject({ results: z.array(Ticket), count: z.number().nullish(), next_page: text });
export const ExportAnswer = z.looseObject({ results: z.array(Ticket), meta });
