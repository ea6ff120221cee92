import { ToolError } from '@busbar/core';
import { z } from 'zod';
import { dateInput, timeProblem, withColon } from './time.ts';

const scalar = z.union([z.string().max(4_000), z.number(), z.boolean(), z.null()]);

const date = z.strictObject({ date: dateInput });

/** A value to bind. Its kind decides its form in SOQL. */
export const BoundValue = z.union([
  scalar,
  z
    .array(z.union([scalar, date]))
    .min(1)
    .max(500),
  date,
  z.strictObject({ contains: z.string().max(200) }),
  z.strictObject({ startsWith: z.string().max(200) }),
]);
/** A value that the schema of the same name accepts. */
export type BoundValue = z.output<typeof BoundValue>;

/** A piece of a query: a literal in quotes, or the text between two literals. */
interface Piece {
  readonly literal: boolean;
  readonly text: string;
}

/** Clauses that make a query leave a trace or a lock. */
const writing = /\bFOR\s+(?:UPDATE|VIEW|REFERENCE)\b|\bUPDATE\s+(?:TRACKING|VIEWSTAT)\b/i;

/**
 * Replaces each `:name` outside quotes with its escaped value, and makes sure that the query only reads.
 *
 * @throws {ToolError} INVALID_INPUT if the query is not a SELECT, would write or lock, is malformed, or has names that do not match the
 * names in `values`.
 */
export function bindSoql(soql: string, values: Readonly<Record<string, BoundValue>> = {}): string {
  const used = new Set<string>();
  const pieces = split(soql);
  const outside = pieces.map(({ literal, text }) => (literal ? "''" : text)).join('');
  if (!/^SELECT\s/i.test(outside))
    throw invalid('it must be one SELECT. Other tools write records; salesforce_search_records takes search words.');
  if (writing.test(outside))
    throw invalid('FOR UPDATE, FOR VIEW, FOR REFERENCE, UPDATE TRACKING and UPDATE VIEWSTAT are refused, since this tool only reads.');
  const junk = /;|--|\/\*|\/\//.exec(outside);
  if (junk) throw invalid(`SOQL has no comments and no second statement, so "${junk[0]}" is refused outside quotes.`);

  const bound = pieces.map(({ literal, text }) => {
    if (literal) return text;
    // A colon after a word, as in LAST_N_DAYS:7, is part of SOQL.
    return withZones(text).replaceAll(/(?<!\w):([A-Za-z_]\w*)/g, (_, name: string) => {
      const value = Object.hasOwn(values, name) ? values[name] : undefined;
      if (value === undefined) throw invalid(`it names :${name}, and values has no "${name}".`);
      used.add(name);
      return toSoql(value);
    });
  });
  const unused = Object.keys(values).find((name) => !used.has(name));
  if (unused !== undefined) throw invalid(`values has "${unused}", and the query names no :${unused}. Names inside quotes are not bound.`);
  return bound.join('').trim();
}

/** Writes the times between the quotes in the form that SOQL takes. @throws {ToolError} for a time without a zone. */
function withZones(text: string): string {
  return text.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:[\w:.]*(?:[+-]\d\d:?\d\d)?/g, (time) => {
    const problem = timeProblem(time);
    if (problem !== undefined) throw invalid(`${time} is wrong. ${problem}.`);
    return withColon(time);
  });
}

/** Quotes a string for SOQL, so that it cannot end its own literal. */
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

/** Writes a value in SOQL. A string always becomes one literal. */
function toSoql(value: BoundValue): string {
  if (Array.isArray(value)) return `(${value.map(toSoql).join(', ')})`;
  if (value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object') return String(value);
  // Escapes the wildcards in the text itself.
  if ('contains' in value) return `'%${pattern(value.contains)}%'`;
  if ('startsWith' in value) return `'${pattern(value.startsWith)}%'`;
  if ('date' in value) return value.date.includes('T') ? new Date(value.date).toISOString() : value.date;
  throw invalid('a value is of no kind that can be bound.');
}

const pattern = (text: string): string => escaped(text).replaceAll(/[%_]/g, '\\$&');

/** Splits a query at its quotes. Outside quotes, runs of white space become one space. */
function split(soql: string): Piece[] {
  const pieces: Piece[] = [];
  let rest = soql.trim();
  while (rest !== '') {
    const quoted = /^'(?:[^'\\]|\\[^])*'/.exec(rest);
    if (quoted) {
      if (/\p{Cc}/u.test(quoted[0]))
        throw invalid('a text in quotes holds a line break or a control character. Bind it: write :name and give it in values.');
      pieces.push({ literal: true, text: quoted[0] });
      rest = rest.slice(quoted[0].length);
      continue;
    }
    if (rest.startsWith("'")) throw invalid('a quote is not closed. Bind texts: write :name and give them in values.');
    const [plain = ''] = /^[^']+/.exec(rest) ?? [];
    pieces.push({ literal: false, text: plain.replaceAll(/[\s\p{Cc}]+/gu, ' ') });
    rest = rest.slice(plain.length);
  }
  return pieces;
}

const invalid = (why: string): ToolError => new ToolError('INVALID_INPUT', `The query was not sent: ${why}`);
