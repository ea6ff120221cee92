import type { Records, TicketRecord, UserRecord } from './records.ts';
import { Refusal } from './refusal.ts';

type Test = (ticket: TicketRecord) => boolean;
type Comparison = ':' | '<' | '>' | '<=' | '>=';

const statuses = ['new', 'open', 'pending', 'hold', 'solved', 'closed'];
const priorities = ['low', 'normal', 'high', 'urgent'];

/** The tickets that a query of Zendesk's search language finds, oldest first. A new ticket is found at once, unlike at Zendesk. */
export function searchTickets(records: Records, query: string, me: UserRecord): TicketRecord[] {
  const anyOf = new Map<string, Test[]>();
  const allOf: Test[] = [];
  for (const [, minus, key, comparison, phrase, bare = ''] of query.matchAll(/(-?)(?:([a-z_]+)(:|<=|>=|<|>))?(?:"([^"]*)"|([^\s"]+))/g)) {
    const value = phrase ?? bare;
    const test =
      key === undefined
        ? containing(records, value, phrase !== undefined)
        : conditionOf(records, me, key, comparison as Comparison, value, phrase !== undefined);
    if (minus === '-') allOf.push((ticket) => !test(ticket));
    // Several values of one property are alternatives.
    else if (key !== undefined && comparison === ':') anyOf.set(key, [...(anyOf.get(key) ?? []), test]);
    else allOf.push(test);
  }
  return [...records.tickets.values()].filter(
    (ticket) => allOf.every((test) => test(ticket)) && anyOf.values().every((tests) => tests.some((test) => test(ticket))),
  );
}

function conditionOf(records: Records, me: UserRecord, key: string, comparison: Comparison, value: string, quoted: boolean): Test {
  switch (key) {
    case 'type':
      return () => value === 'ticket';
    case 'status':
      return ranked(statuses, comparison, value, (ticket) => ticket.status);
    case 'priority':
      return ranked(priorities, comparison, value, (ticket) => ticket.priority ?? 'none');
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
      return dated(comparison, value, (ticket) => ticket.created_at);
    case 'updated':
      return dated(comparison, value, (ticket) => ticket.updated_at);
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

function containing(records: Records, value: string, phrase: boolean): Test {
  const wanted = value.toLowerCase();
  return (ticket) => {
    const text = [ticket.subject, ...records.comments(ticket.id).map(({ body }) => body)].join('\n').toLowerCase();
    return phrase ? text.includes(wanted) : text.split(/[^\p{L}\p{N}]+/u).some((word) => word.startsWith(wanted));
  };
}

function ranked(order: readonly string[], comparison: Comparison, value: string, of: (ticket: TicketRecord) => string): Test {
  const wanted = order.indexOf(value);
  return (ticket) => {
    const rank = order.indexOf(of(ticket));
    return comparison === ':' ? of(ticket) === value : rank >= 0 && compare(comparison, rank, wanted, wanted);
  };
}

function dated(comparison: Comparison, value: string, of: (ticket: TicketRecord) => string): Test {
  const from = Date.parse(value);
  if (Number.isNaN(from)) throw new Refusal(422, { error: 'invalid', description: `Invalid search: ${value} is not a date` });
  // A date is the whole day.
  const to = value.includes('T') ? from : from + 86_400_000 - 1;
  return (ticket) => {
    const at = Date.parse(of(ticket));
    return comparison === ':' ? at >= from && at <= to : compare(comparison, at, from, to);
  };
}

function compare(comparison: Comparison, is: number, from: number, to: number): boolean {
  switch (comparison) {
    case '<':
      return is < from;
    case '<=':
      return is <= to;
    case '>':
      return is > to;
    default:
      return is >= from;
  }
}
