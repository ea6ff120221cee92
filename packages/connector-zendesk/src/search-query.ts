/** Conditions for a ticket search. All of them must hold. A list holds if one of its values does. */
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
 * Writes a filter in Zendesk's search language. Quotes values so that a value cannot end its condition and start another. The order of the
 * conditions is fixed, so the same filter gives the same query.
 */
export function ticketQuery(filter: TicketFilter): string {
  return [
    ...condition('requester:', filter.requester, person),
    ...condition('assignee:', filter.assignee, person),
    ...condition('organization:', filter.organization, nameOrId),
    // The tool's enumerations allow only known words, which need no quotes.
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

/** Quotes a value as one phrase. The language has no escapes, so quotes, backslashes and control characters become spaces. */
export function quote(value: string): string {
  return `"${value.replaceAll(/["\\\p{Cc}\s]+/gu, ' ').trim()}"`;
}

const condition = (start: string, value: string | undefined, write: (value: string) => string): string[] =>
  value === undefined || value === '' ? [] : [start + write(value)];

/** Writes an id without quotes, because Zendesk treats a quoted number as a name. */
const nameOrId = (value: string): string => (/^\d+$/.test(value) ? value : quote(value));

/** Writes the keywords `me` and `none` without quotes, because Zendesk treats a quoted word as a name. */
const person = (value: string): string => (value === 'me' || value === 'none' ? value : nameOrId(value));

/** Leaves a day unchanged, and writes a time in UTC with whole seconds. @throws {RangeError} for an invalid date. */
function date(value: string): string {
  const iso = new Date(value).toISOString();
  return /^\d{4}-\d\d-\d\d$/.test(value) ? value : `${iso.slice(0, 19)}Z`;
}

/** Leaves plain words unquoted, so that Zendesk also finds their other forms, and quotes all words that could be read as operators. */
function words(text: string): string[] {
  return text
    .split(/\s+/)
    .map((word) => (/^[\p{L}\p{N}]+$/u.test(word) && !/^(AND|OR|NOT)$/.test(word) ? word : quote(word)))
    .filter((word) => word !== '""');
}
