/** What tickets are searched by. All that is given must hold; within a list, one of its values. */
interface TicketFilter {
  readonly text?: string | undefined;
  readonly requester?: string | undefined;
  readonly assignee?: string | undefined;
  readonly organization?: string | undefined;
  readonly status?: readonly string[] | undefined;
  readonly priority?: readonly string[] | undefined;
  readonly tag?: string | undefined;
  readonly createdAfter?: string | undefined;
  readonly createdBefore?: string | undefined;
  readonly updatedAfter?: string | undefined;
  readonly updatedBefore?: string | undefined;
}

/**
 * Writes Zendesk's search language. Values are quoted, so that none can end its own condition and begin another. The order of the
 * conditions is fixed: the same filter gives the same query.
 */
export function ticketQuery(filter: TicketFilter): string {
  return [
    ...condition('requester:', filter.requester, person),
    ...condition('assignee:', filter.assignee, person),
    ...condition('organization:', filter.organization, named),
    // One of the tool's own enumeration each.
    ...(filter.status ?? []).map((status) => `status:${status}`),
    ...(filter.priority ?? []).map((priority) => `priority:${priority}`),
    ...condition('tags:', filter.tag, quote),
    ...condition('created>=', filter.createdAfter, date),
    ...condition('created<', filter.createdBefore, date),
    ...condition('updated>=', filter.updatedAfter, date),
    ...condition('updated<', filter.updatedBefore, date),
    ...words(filter.text ?? ''),
  ].join(' ');
}

/** A value as one phrase. The language has no escape, so quotes, backslashes and control characters become spaces. */
export function quote(value: string): string {
  return `"${value.replaceAll(/["\\\p{Cc}\s]+/gu, ' ').trim()}"`;
}

const condition = (start: string, value: string | undefined, write: (value: string) => string): string[] =>
  value === undefined || value === '' ? [] : [start + write(value)];

/** Ids are written bare: in quotes a number is somebody's name. */
const named = (value: string): string => (/^\d+$/.test(value) ? value : quote(value));

/** `me` and `none` are words of the language, which quotes would make names as well. */
const person = (value: string): string => (value === 'me' || value === 'none' ? value : named(value));

/** A day as it is, a time in UTC and whole seconds. @throws {RangeError} for what is no date. */
function date(value: string): string {
  const whole = new Date(value).toISOString();
  return /^\d{4}-\d\d-\d\d$/.test(value) ? value : `${whole.slice(0, 19)}Z`;
}

/** Plain words stay bare, which lets Zendesk find their other forms. Whatever could be read as an operator is quoted. */
function words(text: string): string[] {
  return text
    .split(/\s+/)
    .map((word) => (/^[\p{L}\p{N}]+$/u.test(word) && !/^(AND|OR|NOT)$/.test(word) ? word : quote(word)))
    .filter((word) => word !== '""');
}
