import { VendorError } from '@busbar/core/testing';
import type { CommentRecord, Records, TicketRecord, UserRecord } from './records.ts';
import { badRequest, invalid } from './refusal.ts';

/** The answer to a write: the ticket, and the audit record of the change. */
interface Written {
  readonly ticket: TicketRecord;
  readonly audit: object;
}

type Input = Readonly<Record<string, unknown>>;

const maxComments = 5_000;
const choices: Readonly<Record<string, readonly string[]>> = {
  status: ['new', 'open', 'pending', 'hold', 'solved', 'closed'],
  priority: ['low', 'normal', 'high', 'urgent'],
  type: ['problem', 'incident', 'question', 'task'],
};
/** Fields that are stored unchanged. */
const plainFields = [
  'subject',
  'status',
  'priority',
  'type',
  'group_id',
  'organization_id',
  'external_id',
  'due_at',
  'requester_id',
  'assignee_id',
  'problem_id',
];
const knownFields = new Set([
  ...plainFields,
  'comment',
  'tags',
  'custom_fields',
  'requester',
  'assignee_email',
  'safe_update',
  'updated_stamp',
  'submitter_id',
  'id',
]);
const knownCommentFields = new Set(['body', 'html_body', 'public', 'author_id', 'uploads']);

/** Creates a ticket. @throws {VendorError} for an invalid ticket. */
export function createTicket(records: Records, body: unknown, me: UserRecord): Written {
  const input = readTicket(body);
  const text = readCommentText(input);
  if (text === undefined) throw invalid('base', 'Description: cannot be blank', 'BlankValue');
  const fields = readFields(records, input);
  const requester = findOrAddRequester(records, input) ?? me;
  if (requester.suspended) throw invalid('requester', `Requester: ${requester.name} is suspended.`);
  const ticket = records.addTicket({
    status: fields['assignee_id'] ? 'open' : 'new',
    organization_id: requester.organization_id,
    ...fields,
    subject: String(fields['subject'] ?? text.slice(0, 80)),
    description: text,
    requester_id: requester.id,
    submitter_id: me.id,
  });
  return withAudit(
    records,
    ticket,
    [{ type: 'Create', field_name: 'subject', value: ticket.subject }],
    addComment(records, ticket, input, text, me),
  );
}

/** Updates a ticket. @throws {VendorError} for an invalid update, or if `safe_update` finds a newer change. */
export function updateTicket(records: Records, ticket: TicketRecord, body: unknown, me: UserRecord): Written {
  const input = readTicket(body);
  if (ticket.status === 'closed') throw invalid('status', 'Status: closed prevents ticket update');
  requireUnchanged(ticket, input);
  const text = readCommentText(input);
  if (input['comment'] !== undefined && text === undefined) throw invalid('base', 'Comment: cannot be blank', 'BlankValue');
  if (text !== undefined && records.comments(ticket.id).length >= maxComments)
    throw invalid('base', `Ticket has more than ${maxComments} comments`);
  const fields = readFields(records, input);
  const requester = findOrAddRequester(records, input);
  if (requester) fields['requester_id'] = requester.id;
  const events = Object.entries(fields)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(ticket[name]))
    .map(([name, value]) => ({ type: 'Change', field_name: name, value, previous_value: ticket[name] }));
  if (events.length > 0 || text !== undefined) Object.assign(ticket, fields, { updated_at: records.now() });
  return withAudit(records, ticket, events, text === undefined ? undefined : addComment(records, ticket, input, text, me));
}

/** Adds the body's tags to a ticket, or removes them. @throws {VendorError} as {@link updateTicket} does. */
export function changeTags(records: Records, ticket: TicketRecord, body: unknown, action: 'add' | 'remove'): void {
  const input = (body ?? {}) as Input;
  if (!Array.isArray(input['tags'])) throw badRequest('tags must be an array');
  if (ticket.status === 'closed') throw invalid('status', 'Status: closed prevents ticket update');
  requireUnchanged(ticket, input);
  const changed = input['tags'].map((tag) => String(tag).toLowerCase());
  const kept = ticket.tags.filter((tag) => !changed.includes(tag));
  const tags = action === 'add' ? [...new Set([...ticket.tags, ...changed])].sort() : kept;
  if (tags.join() !== ticket.tags.join()) Object.assign(ticket, { tags, updated_at: records.now() });
}

/**
 * Zendesk's protection against lost updates. Zendesk's documentation shows the flag as a boolean in one place and as a string in another.
 */
function requireUnchanged(ticket: TicketRecord, { safe_update, updated_stamp }: Input): void {
  if (String(safe_update) !== 'true' || Date.parse(String(updated_stamp)) >= Date.parse(ticket.updated_at)) return;
  throw new VendorError(409, {
    error: 'UpdateConflict',
    description: 'Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again.',
  });
}

function readTicket(body: unknown): Input {
  const ticket = (body as { ticket?: unknown } | undefined)?.ticket;
  if (typeof ticket !== 'object' || ticket === null || Array.isArray(ticket))
    throw badRequest('You passed an invalid value for the ticket attribute. Invalid parameter: ticket must be an object');
  return ticket as Input;
}

const readComment = (input: Input): Input =>
  typeof input['comment'] === 'object' && input['comment'] !== null ? (input['comment'] as Input) : {};

function readCommentText(input: Input): string | undefined {
  const { body, html_body } = readComment(input);
  const text = body ?? html_body;
  return typeof text === 'string' && text.trim() !== '' ? text : undefined;
}

function readFields(records: Records, input: Input): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of plainFields) {
    const value = input[name];
    if (value === undefined) continue;
    if (choices[name]?.includes(String(value)) === false)
      throw invalid(name, `${capitalize(name)}: ${String(value)} is not valid`, 'InvalidValue');
    fields[name] = value;
  }
  if (Array.isArray(input['tags'])) fields['tags'] = [...new Set(input['tags'].map((tag) => String(tag).toLowerCase()))].sort();
  if (Array.isArray(input['custom_fields'])) fields['custom_fields'] = input['custom_fields'];
  if (typeof input['assignee_email'] === 'string') fields['assignee_id'] = findByEmail(records, input['assignee_email'])?.id ?? -1;
  const assignee = fields['assignee_id'];
  if (typeof assignee === 'number' && (records.users.get(assignee)?.role ?? 'end-user') === 'end-user')
    throw invalid('assignee', 'Assignee: is not an agent', 'InvalidValue');
  if (typeof fields['subject'] === 'string') fields['raw_subject'] = fields['subject'];
  return fields;
}

function findOrAddRequester(records: Records, input: Input): UserRecord | undefined {
  if (typeof input['requester_id'] === 'number') {
    const user = records.users.get(input['requester_id']);
    if (!user) throw invalid('requester', 'Requester: is invalid', 'InvalidValue');
    return user;
  }
  const { email, name } = (input['requester'] ?? {}) as { email?: string; name?: string };
  if (email === undefined) return undefined;
  const found = findByEmail(records, email);
  if (found) return found;
  if (!name) throw invalid('requester', 'Requester: Name: is too short (minimum one character)', 'NameTooShort');
  return records.addUser({ name, email });
}

const findByEmail = (records: Records, email: string): UserRecord | undefined =>
  records.users.values().find((user) => user.email?.toLowerCase() === email.toLowerCase());

function addComment(records: Records, ticket: TicketRecord, input: Input, body: string, me: UserRecord): CommentRecord {
  const { public: isPublic = true, author_id } = readComment(input);
  return records.addComment(ticket.id, {
    author_id: Number(author_id ?? me.id),
    body,
    public: isPublic === true,
    audit_id: records.nextId(),
  });
}

function withAudit(records: Records, ticket: TicketRecord, changes: readonly object[], comment: CommentRecord | undefined): Written {
  const events = [...(comment ? [comment] : []), ...changes.map((change) => ({ id: records.nextId(), ...change }))];
  const audit = {
    id: comment?.['audit_id'] ?? records.nextId(),
    ticket_id: ticket.id,
    created_at: ticket.updated_at,
    author_id: ticket['submitter_id'],
    metadata: { system: {}, custom: {} },
    events,
    via: ticket['via'],
  };
  return { ticket, audit };
}

const capitalize = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Returns the header in which Zendesk names the keys of a write that it ignores, or no header if it knows all keys. */
export function ignoredKeysHeader(body: unknown, action: 'create' | 'update'): Record<string, string> {
  const keys = unknownKeys(body);
  const list = keys.map((key) => `"${key}"`).join(', ');
  const header = `{:allowed_parameters=>{:controller=>"tickets", :action=>"${action}", :unpermitted_keys=>[${list}], :invalid_values=>[]}}`;
  return keys.length > 0 ? { 'x-zendesk-api-warn': header } : {};
}

function unknownKeys(body: unknown): string[] {
  const input = readTicket(body);
  return [
    ...Object.keys(input)
      .filter((key) => !knownFields.has(key))
      .map((key) => `ticket.${key}`),
    ...Object.keys(readComment(input))
      .filter((key) => !knownCommentFields.has(key))
      .map((key) => `ticket.comment.${key}`),
  ];
}
