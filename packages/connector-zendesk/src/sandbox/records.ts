import type { Clock } from '@busbar/core';
import { blankComment, blankOrganization, blankTicket, blankTicketField, blankUser } from './blank-records.ts';

/** A user as Zendesk's API returns it. */
export interface UserRecord {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly role: 'end-user' | 'agent' | 'admin';
  readonly organization_id: number | null;
  readonly suspended: boolean;
  readonly [field: string]: unknown;
}

/** A ticket as Zendesk's API returns it. */
export interface TicketRecord {
  readonly id: number;
  readonly created_at: string;
  updated_at: string;
  subject: string;
  status: string;
  priority: string | null;
  type: string | null;
  tags: readonly string[];
  requester_id: number;
  assignee_id: number | null;
  organization_id: number | null;
  description: string;
  custom_fields: readonly { readonly id: number; readonly value: unknown }[];
  [field: string]: unknown;
}

/** A comment as Zendesk's API returns it. */
export interface CommentRecord {
  readonly id: number;
  readonly author_id: number;
  readonly body: string;
  readonly public: boolean;
  readonly created_at: string;
  readonly [field: string]: unknown;
}

/** An organization as Zendesk's API returns it. */
export interface OrganizationRecord {
  readonly id: number;
  readonly name: string;
  readonly [field: string]: unknown;
}

/** A ticket field as Zendesk's API returns it. */
export interface TicketFieldRecord {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The sandbox's records. It keeps at most 10,000 of each kind and then drops the oldest. */
export interface Records {
  readonly users: ReadonlyMap<number, UserRecord>;
  readonly tickets: ReadonlyMap<number, TicketRecord>;
  readonly organizations: ReadonlyMap<number, OrganizationRecord>;
  readonly ticketFields: ReadonlyMap<number, TicketFieldRecord>;
  /** Oldest first. A ticket has at most 5,000, which is Zendesk's own limit. */
  comments(ticket: number): readonly CommentRecord[];
  nextId(): number;
  now(): string;
  addOrganization(fields: Partial<OrganizationRecord> & { readonly name: string }): OrganizationRecord;
  addTicketField(fields: Partial<TicketFieldRecord> & { readonly title: string; readonly type: string }): TicketFieldRecord;
  addUser(fields: Partial<UserRecord> & { readonly name: string }): UserRecord;
  /** Replaces fields of a user. The user keeps its position. */
  changeUser(user: UserRecord, fields: Partial<UserRecord>): UserRecord;
  addTicket(fields: Partial<TicketRecord> & { readonly subject: string; readonly requester_id: number }): TicketRecord;
  addComment(
    ticket: number,
    comment: Pick<CommentRecord, 'author_id' | 'body' | 'public'> & { readonly created_at?: string; readonly audit_id: number },
  ): CommentRecord;
}

const maxRecords = 10_000;

export function createRecords(clock: Clock, host: string): Records {
  const users = new Map<number, UserRecord>();
  const tickets = new Map<number, TicketRecord>();
  const organizations = new Map<number, OrganizationRecord>();
  const ticketFields = new Map<number, TicketFieldRecord>();
  const comments = new Map<number, CommentRecord[]>();
  let lastId = 9_000_000_000_000;
  let lastTicket = 0;
  const nextId = (): number => (lastId += 1);
  const now = (): string => timestamp(clock.now());

  const commonFields = (resource: string, id: number) => {
    const at = now();
    return { url: `https://${host}/api/v2/${resource}/${id}.json`, created_at: at, updated_at: at };
  };

  function keep<V>(map: Map<number, V>, id: number, value: V): V {
    map.set(id, value);
    const [oldest] = map.keys();
    if (map.size > maxRecords && oldest !== undefined) {
      map.delete(oldest);
      if ((map as Map<number, unknown>) === tickets) comments.delete(oldest);
    }
    return value;
  }

  return {
    users,
    tickets,
    organizations,
    ticketFields,
    comments: (ticket) => comments.get(ticket) ?? [],
    nextId,
    now,
    addOrganization(fields) {
      const id = nextId();
      return keep(organizations, id, { ...blankOrganization, ...commonFields('organizations', id), ...fields, id });
    },
    addTicketField(fields) {
      const id = nextId();
      const { title, description = title } = fields;
      const titles = { raw_title: title, title_in_portal: title, raw_title_in_portal: title, raw_description: description };
      return keep(ticketFields, id, { ...blankTicketField, ...commonFields('ticket_fields', id), ...titles, description, ...fields, id });
    },
    addUser(fields) {
      const id = nextId();
      return keep(users, id, { ...blankUser, ...commonFields('users', id), ...fields, id });
    },
    changeUser(user, fields) {
      const changed = { ...user, ...fields, id: user.id, updated_at: now() };
      users.set(user.id, changed);
      return changed;
    },
    addTicket(fields) {
      const id = (lastTicket += 1);
      comments.set(id, []);
      return keep(tickets, id, { ...blankTicket, ...commonFields('tickets', id), raw_subject: fields.subject, ...fields, id });
    },
    addComment(ticket, fields) {
      const id = nextId();
      const html = `<div class="zd-comment" dir="auto">${escapeHtml(fields.body)}</div>`;
      const comment = { ...blankComment, id, created_at: now(), html_body: html, plain_body: fields.body, ...fields };
      comments.get(ticket)?.push(comment);
      return comment;
    },
  };
}

/** Formats a time as Zendesk does, without milliseconds. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>');
