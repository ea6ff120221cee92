import { VendorError } from '@busbar/core/testing';
import type { Records, TicketRecord, UserRecord } from './records.ts';

type Matcher = (ticket: TicketRecord) => boolean;
type Comparison = ':' | '<' | '>' | '<=' | '>=';

const statuses = ['new', 'open', 'pending', 'hold', 'solved', 'closed'];
const priorities = ['low', 'normal', 'high', 'urgent'];

/** Returns the tickets that match a query in Zendesk's search language, oldest first. Unlike Zendesk, it finds a new ticket at once. */
export function searchTickets(records: Records, query: string, me: UserRecord): TicketRecord[] {
  const anyOf = new Map<string, Matcher[]>();
  const allOf: Matcher[] = [];
  for (const [, minus, key, comparison, phrase, bare = ''] of query.matchAll(/(-?)(?:([a-z_]+)(:|<=|>=|<|>))?(?:"([^"]*)"|([^\s"]+))/g)) {
    const value = phrase ?? bare;
    const test =
      key === undefined
        ? matchText(records, value, phrase !== undefined)
        : matchCondition(records, me, key, comparison as Comparison, value, phrase !== undefined);
    if (minus === '-') allOf.push((ticket) => !test(ticket));
    // Several values of one property are alternatives.
    else if (key !== undefined && comparison === ':') anyOf.set(key, [...(anyOf.get(key) ?? []), test]);
    else allOf.push(test);
  }
  return [...records.tickets.values()].filter(
    (ticket) => allOf.every((test) => test(ticket)) && anyOf.values().every((tests) => tests.some((test) => test(ticket))),
  );
}

function matchCondition(records: Records, me: UserRecord, key: string, comparison: Comparison, value: string, quoted: boolean): Matcher {
  switch (key) {
    case 'type':
      return () => value === 'ticket';
    case 'status':
      return matchRank(statuses, comparison, value, (ticket) => ticket.status);
    case 'priority':
      return matchRank(priorities, comparison, value, (ticket) => ticket.priority ?? 'none');
    case 'tags':
      return ({ tags }) => tags.includes(value.toLowerCase());
    case 'requester':
      return ({ requester_id }) => isPerson(records, requester_id, value, quoted, me);
    case 'assignee':
      return ({ assignee_id }) => isPerson(records, assignee_id, value, quoted, me);
    case 'organization':
      return ({ organization_id }) =>
        value === 'none' && !quoted
          ? organization_id === null
          : organization_id !== null &&
            (String(organization_id) === value || records.organizations.get(organization_id)?.name.toLowerCase() === value.toLowerCase());
    case 'created':
      return matchDate(comparison, value, (ticket) => ticket.created_at);
    case 'updated':
      return matchDate(comparison, value, (ticket) => ticket.updated_at);
    default:
      return () => false;
  }
}

function isPerson(records: Records, id: number | null, value: string, quoted: boolean, me: UserRecord): boolean {
  if (!quoted && value === 'none') return id === null;
  if (id === null) return false;
  if (!quoted && value === 'me') return id === me.id;
  const user = records.users.get(id);
  const wanted = value.toLowerCase();
  return (!quoted && String(id) === value) || user?.email?.toLowerCase() === wanted || user?.name.toLowerCase() === wanted;
}

function matchText(records: Records, value: string, phrase: boolean): Matcher {
  const wanted = value.toLowerCase();
  return (ticket) => {
    const text = [ticket.subject, ...records.comments(ticket.id).map(({ body }) => body)].join('\n').toLowerCase();
    return phrase ? text.includes(wanted) : text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted));
  };
}

function matchRank(order: readonly string[], comparison: Comparison, value: string, read: (ticket: TicketRecord) => string): Matcher {
  const wanted = order.indexOf(value);
  return (ticket) => {
    const rank = order.indexOf(read(ticket));
    return comparison === ':' ? read(ticket) === value : rank >= 0 && compare(comparison, rank, wanted, wanted);
  };
}

function matchDate(comparison: Comparison, value: string, read: (ticket: TicketRecord) => string): Matcher {
  const from = Date.parse(value);
  if (Number.isNaN(from)) throw new VendorError(422, { error: 'invalid', description: `Invalid search: ${value} is not a date` });
  // A date without a time means the whole day.
  const to = value.includes('T') ? from : from + 86_400_000 - 1;
  return (ticket) => {
    const at = Date.parse(read(ticket));
    return comparison === ':' ? at >= from && at <= to : compare(comparison, at, from, to);
  };
}

function compare(comparison: Comparison, actual: number, from: number, to: number): boolean {
  switch (comparison) {
    case '<':
      return actual < from;
    case '<=':
      return actual <= to;
    case '>':
      return actual > to;
    default:
      return actual >= from;
  }
}
