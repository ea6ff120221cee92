import type { Clock } from '@busbar/core';

/** A user as Zendesk shows one. */
export interface UserRecord {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly role: 'end-user' | 'agent' | 'admin';
  readonly organization_id: number | null;
  readonly suspended: boolean;
  readonly [field: string]: unknown;
}

/** A ticket as Zendesk shows one. */
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

/** A comment as Zendesk shows one. */
export interface CommentRecord {
  readonly id: number;
  readonly author_id: number;
  readonly body: string;
  readonly public: boolean;
  readonly created_at: string;
  readonly [field: string]: unknown;
}

/** What the sandbox keeps. At most 10,000 of each kind: then the oldest goes. */
export interface Records {
  readonly users: ReadonlyMap<number, UserRecord>;
  readonly tickets: ReadonlyMap<number, TicketRecord>;
  readonly organizations: ReadonlyMap<number, string>;
  /** Oldest first. At most 5,000 on a ticket, which is Zendesk's own limit. */
  comments(ticket: number): readonly CommentRecord[];
  nextId(): number;
  now(): string;
  addOrganization(name: string): number;
  addUser(fields: Partial<UserRecord> & { readonly name: string }): UserRecord;
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
  const organizations = new Map<number, string>();
  const comments = new Map<number, CommentRecord[]>();
  let lastId = 9_000_000_000_000;
  let lastTicket = 0;
  const nextId = (): number => (lastId += 1);
  const now = (): string => timestamp(clock.now());

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
    comments: (ticket) => comments.get(ticket) ?? [],
    nextId,
    now,
    addOrganization(name) {
      const id = nextId();
      keep(organizations, id, name);
      return id;
    },
    addUser(fields) {
      const id = nextId();
      const at = now();
      return keep(users, id, {
        ...blankUser,
        id,
        url: `https://${host}/api/v2/users/${id}.json`,
        created_at: at,
        updated_at: at,
        ...fields,
      });
    },
    addTicket(fields) {
      const id = (lastTicket += 1);
      const at = now();
      comments.set(id, []);
      return keep(tickets, id, {
        ...blankTicket,
        id,
        url: `https://${host}/api/v2/tickets/${id}.json`,
        created_at: at,
        updated_at: at,
        raw_subject: fields.subject,
        ...fields,
      });
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

/** Zendesk's times have no milliseconds. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>');

const via = { channel: 'api', source: { from: {}, to: {}, rel: null } };

const blankComment = { type: 'Comment', attachments: [], via, metadata: { system: {}, custom: {} } };

const blankUser = {
  email: null,
  time_zone: 'Etc/UTC',
  iana_time_zone: 'Etc/UTC',
  phone: null,
  shared_phone_number: null,
  photo: null,
  locale_id: 1,
  locale: 'en-US',
  organization_id: null,
  role: 'end-user',
  verified: false,
  external_id: null,
  tags: [],
  alias: null,
  active: true,
  shared: false,
  shared_agent: false,
  last_login_at: null,
  two_factor_auth_enabled: false,
  signature: null,
  details: null,
  notes: null,
  role_type: null,
  custom_role_id: null,
  moderator: false,
  ticket_restriction: 'requested',
  only_private_comments: false,
  restricted_agent: true,
  suspended: false,
  default_group_id: null,
  report_csv: false,
  user_fields: {},
} as const;

const blankTicket = {
  external_id: null,
  via,
  type: null,
  description: '',
  priority: null,
  status: 'new',
  recipient: null,
  submitter_id: null,
  assignee_id: null,
  organization_id: null,
  group_id: null,
  collaborator_ids: [],
  follower_ids: [],
  email_cc_ids: [],
  forum_topic_id: null,
  problem_id: null,
  has_incidents: false,
  is_public: true,
  due_at: null,
  tags: [],
  custom_fields: [],
  satisfaction_rating: null,
  sharing_agreement_ids: [],
  custom_status_id: 9_000_000_000_101,
  fields: [],
  followup_ids: [],
  ticket_form_id: 9_000_000_000_102,
  brand_id: 9_000_000_000_103,
  allow_channelback: false,
  allow_attachments: true,
  from_messaging_channel: false,
};
