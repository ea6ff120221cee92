/** The problems that an error answer of Zendesk names. */
export interface Problems {
  /** The name of the error, such as `RecordInvalid`. Absent if Zendesk sends an object instead. */
  readonly name?: string | undefined;
  /** The most specific reasons, each with the field, the ids and the limits that Zendesk sends with it. */
  readonly text: string;
  /** Whether a reason is about a ticket field that is set by its id. */
  readonly isAboutCustomFields: boolean;
}

type Json = Readonly<Record<string, unknown>>;

const maxProblems = 20;
// The words of a problem, and what only repeats the status. All other plain values are data: ids, limits, where the problem is.
const words = new Set(['title', 'message', 'description', 'detail', 'error', 'error_description', 'code', 'status', 'url']);

/**
 * Reads an error answer. Its shape depends on the endpoint: `error` is a name or an object, `details` has texts, objects or lists of both
 * by field, and `errors` is a list of texts or objects.
 */
export function readProblems(data: unknown): Problems {
  if (typeof data === 'string') return { text: data, isAboutCustomFields: false };
  const body = asObject(data);
  const details = isObject(body['details'])
    ? Object.entries(body['details']).flatMap(([field, found]) => listOf(found).map((problem) => ({ field, problem })))
    : listOf(body['details']).map((problem) => ({ field: undefined, problem }));
  const found = [...details, ...listOf(body['errors']).map((problem) => ({ field: undefined, problem }))].slice(0, maxProblems);
  const specific = found.map(({ field, problem }) => labelled(field, problem));
  const { error } = body;
  const general = [isObject(error) ? wordsOf(error) : '', wordsOf(body) + dataOf(body)].filter(Boolean);
  const name = typeof error === 'string' ? error : undefined;
  return {
    name,
    text: (specific.length > 0 ? specific : general.length > 0 ? general : [name ?? '']).join('; '),
    isAboutCustomFields: found.some(({ problem }) => asObject(problem)['ticket_field_id'] !== undefined),
  };
}

/** Writes a problem after the input that it is about. Zendesk names a custom field by its id, and files it under `base`. */
function labelled(field: string | undefined, problem: unknown): string {
  const { ticket_field_id: id, ticket_field_type: type, ...rest } = isObject(problem) ? problem : { message: problem };
  const label = id === undefined ? field : `customFields id ${textOf(id)}${type === undefined ? '' : ` (${textOf(type)})`}`;
  const reason = wordsOf(rest) || textOf(rest['error'] ?? rest['code']) || 'invalid';
  return `${label === undefined || label === 'base' ? '' : `${label}: `}${reason}${dataOf(rest)}`;
}

function wordsOf({ title, message, description, detail, error_description }: Json): string {
  const reason = [message, description, detail, error_description].map(textOf).find(Boolean);
  return [textOf(title), reason].filter(Boolean).join(': ');
}

/** Writes the plain values that come with a problem: ` (max_count 100)`. */
function dataOf(problem: Json): string {
  const nested = Object.entries(asObject(problem['source']));
  const values = [...Object.entries(problem), ...nested].filter(([name, value]) => !words.has(name) && textOf(value) !== '');
  return values.length === 0 ? '' : ` (${values.map(([name, value]) => `${name} ${textOf(value)}`).join(', ')})`;
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const asObject = (value: unknown): Json => (isObject(value) ? value : {});
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]);
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
