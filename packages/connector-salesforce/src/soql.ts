import { ToolError } from '@busbar/core';
import { z } from 'zod';

const scalar = z.union([z.string().max(4_000), z.number(), z.boolean(), z.null()]);

/** A value to bind: what stands for it in SOQL depends on its kind. */
export const BoundValue = z.union([
  scalar,
  z.array(scalar).min(1).max(500),
  z.strictObject({ date: z.union([z.iso.date(), z.iso.datetime({ offset: true })]) }),
  z.strictObject({ contains: z.string().max(200) }),
  z.strictObject({ startsWith: z.string().max(200) }),
]);
/** See the schema of that name. */
export type BoundValue = z.output<typeof BoundValue>;

/** A piece of a query: a literal in quotes, or what stands between literals. */
interface Piece {
  readonly literal: boolean;
  readonly text: string;
}

/** Clauses that make a query leave a trace, or a lock. */
const writing = /\bFOR\s+(?:UPDATE|VIEW|REFERENCE)\b|\bUPDATE\s+(?:TRACKING|VIEWSTAT)\b/i;

/**
 * Puts values into a query, escaped, wherever `:name` stands outside quotes, and makes sure that the query only reads.
 *
 * @throws {ToolError} INVALID_INPUT where it is no SELECT, would write or lock, is not well formed, or its names and values do not agree.
 */
export function bindSoql(soql: string, values: Readonly<Record<string, BoundValue>> = {}): string {
  const used = new Set<string>();
  const pieces = split(soql);
  const outside = pieces.map(({ literal, text }) => (literal ? "''" : text)).join('');
  if (!/^SELECT\s/i.test(outside))
    throw wrong('it must be one SELECT. Other tools write records; salesforce_search_records takes search words.');
  if (writing.test(outside))
    throw wrong('FOR UPDATE, FOR VIEW, FOR REFERENCE, UPDATE TRACKING and UPDATE VIEWSTAT are refused, since this tool only reads.');
  const junk = /;|--|\/\*|\/\//.exec(outside);
  if (junk) throw wrong(`SOQL has no comments and no second statement, so "${junk[0]}" is refused outside quotes.`);

  const bound = pieces.map(({ literal, text }) => {
    if (literal) return text;
    // After a word, as in LAST_N_DAYS:7, a colon is SOQL's own.
    return text.replaceAll(/(?<!\w):([A-Za-z_]\w*)/g, (_, name: string) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) throw wrong(`it names :${name}, and values has no "${name}".`);
      used.add(name);
      return written(value);
    });
  });
  const stray = Object.keys(values).find((name) => !used.has(name));
  if (stray !== undefined) throw wrong(`values has "${stray}", and the query names no :${stray}. Names inside quotes are not bound.`);
  return bound.join('').trim();
}

/** A text as SOQL has it, in quotes: none can end its own literal. */
function quote(text: string): string {
  return `'${escaped(text)}'`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\'\p{Cc}]/gu, (char) => escapes[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\b': '\\b',
  '\f': '\\f',
};

/** What stands for a value. A text is always one literal. */
function written(value: BoundValue): string {
  if (Array.isArray(value)) return `(${value.map(written).join(', ')})`;
  if (value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  // Of a pattern's own characters none may be left in force.
  if ('contains' in value) return `'%${pattern(value.contains)}%'`;
  if ('startsWith' in value) return `'${pattern(value.startsWith)}%'`;
  if ('date' in value) return value.date.includes('T') ? new Date(value.date).toISOString() : value.date;
  throw wrong('a value is of no kind that can be bound.');
}

const pattern = (text: string): string => escaped(text).replaceAll(/[%_]/g, '\\$&');

/** Takes a query apart at its quotes; between them runs of space become one. */
function split(soql: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = soql.trim();
  while (rest !== '') {
    const quoted = /^'(?:[^'\\]|\\[^])*'/.exec(rest);
    if (quoted) {
      if (/\p{Cc}/u.test(quoted[0]))
        throw wrong('a text in quotes holds a line break or a control character. Bind it: write :name and give it in values.');
      pieces.push({ literal: true, text: quoted[0] });
      rest = rest.slice(quoted[0].length);
      continue;
    }
    if (rest.startsWith("'")) throw wrong('a quote is not closed. Bind texts: write :name and give them in values.');
    const [plain = ''] = /^[^']+/.exec(rest) ?? [];
    pieces.push({ literal: false, text: plain.replaceAll(/[\s\p{Cc}]+/gu, ' ') });
    rest = rest.slice(plain.length);
  }
  return pieces;
}

const wrong = (why: string): ToolError => new ToolError('INVALID_INPUT', `The query was not sent: ${why}`);
