/** The types of answer that a client takes, of JSON (`application/json`) and streams of events (`text/event-stream`). */
export type AnswerTypes = 'both' | 'json' | 'stream' | 'neither';

// Nearly every request has the same header as the request before it.
let last: { readonly accept: string | undefined; readonly types: AnswerTypes } | undefined;

/**
 * Reads an `Accept` header as RFC 9110 (section 12.5.1) says: names in any case, wildcards, and a range of weight 0 excludes its types.
 * Without the header, a client takes every type. Ignores all parameters except the weight, and reads at most 100 ranges.
 */
export function answerTypes(accept: string | undefined): AnswerTypes {
  if (!last || last.accept !== accept) last = { accept, types: typesOf(accept) };
  return last.types;
}

// The strings of other parameters may hold commas and semicolons. A string without an end matches too, so that the search stays linear.
const quoted = /"(?:[^"\\]|\\.?)*"?/g;

// More than any client names.
const maxRanges = 100;

function typesOf(accept: string | undefined): AnswerTypes {
  if (accept === undefined) return 'both';
  const taken = new Map<string, boolean>();
  for (const range of accept.toLowerCase().replace(quoted, '').split(',', maxRanges)) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const isTaken = !parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter));
    taken.set(name, isTaken || taken.get(name) === true);
  }
  // The most specific range decides.
  const takes = (type: string, subtype: string) => taken.get(`${type}/${subtype}`) ?? taken.get(`${type}/*`) ?? taken.get('*/*') ?? false;
  const json = takes('application', 'json');
  const stream = takes('text', 'event-stream');
  return json && stream ? 'both' : json ? 'json' : stream ? 'stream' : 'neither';
}
