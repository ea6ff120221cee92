import type { z } from 'zod';
import { textStart } from '../connector/truncate.ts';
import { closest } from './closest.ts';

const maxNames = 30;

/** Returns a clearer message than zod's own. An author's message for a field comes before both. */
export function explain(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `is missing; it must be ${kindNamed(issue.expected)}`
        : `must be ${kindNamed(issue.expected)}, not ${kindOf(issue.input)}${jsonTextHint(issue.expected, issue.input)}`;
    case 'invalid_value':
      return oneOf(issue.values, issue.input);
    case 'unrecognized_keys': {
      const shape = (issue.inst?._zod.def as { shape?: object } | undefined)?.shape ?? {};
      return unknownKeys(issue.keys, Object.keys(shape));
    }
    case 'invalid_union':
      return Array.isArray(issue.options) ? oneOf(issue.options, propertyOf(issue.input, issue.discriminator)) : undefined;
    case 'too_big':
      return limited(issue, Number(issue.maximum), issue.inclusive === false ? 'less than' : 'at most');
    case 'too_small':
      return limited(issue, Number(issue.minimum), issue.inclusive === false ? 'more than' : 'at least');
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return formatted(issue);
    case 'invalid_key':
      return `this key ${issue.issues.map(({ message }) => message).join('; ')}`;
    default:
      return undefined;
  }
}

/** Says which keys are unknown, what they may have been meant as, and which are known. */
export function unknownKeys(keys: readonly string[], names: readonly string[]): string {
  const unknown = keys.slice(0, 5).map((key) => {
    const near = closest(key, names);
    return `${JSON.stringify(cut(key, 64))}${near === undefined ? '' : ` (did you mean ${JSON.stringify(near)}?)`}`;
  });
  const known = names.length === 0 ? 'there are none' : `known are ${list(names)}`;
  return `unknown ${keys.length === 1 ? 'key' : 'keys'} ${unknown.join(', ')}${keys.length > 5 ? ', …' : ''}; ${known}`;
}

/** Returns a type of a schema with its article. */
export function kindNamed(expected: string): string {
  if (expected === 'null') return 'null';
  if (expected === 'never') return 'left out';
  const word = { int: 'integer', record: 'object', tuple: 'array' }[expected] ?? expected;
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}

/** Returns the type of a value with its article. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a number' : `${value}`;
  return kindNamed(typeof value);
}

/** Lists the values of an enumeration, as in `one of "low", "high"`. */
export function listed(values: readonly unknown[]): string {
  return `${values.length === 1 ? '' : 'one of '}${list(values)}`;
}

/** Shortens a text to a number of characters. */
export const cut = (text: string, length: number): string => (text.length > length ? `${textStart(text, length - 1)}…` : text);

/** Whether a value looks like the JSON text of a list or an object of the expected type. `readJsonTexts` could not read it. */
export function isJsonTextOf(expected: string, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const text = value.trim();
  switch (expected) {
    case 'array':
    case 'tuple':
      return text.startsWith('[') && text.endsWith(']');
    case 'object':
    case 'record':
      return text.startsWith('{') && text.endsWith('}');
    default:
      return false;
  }
}

function jsonTextHint(expected: string, value: unknown): string {
  if (!isJsonTextOf(expected, value)) return '';
  return `: pass the ${kindNamed(expected).replace(/^an? /, '')} itself, not its JSON text`;
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const near = typeof input === 'string' ? closest(input, values.map(String)) : undefined;
  return `must be ${listed(values)}${near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`}`;
}

const units: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item', object: 'key', record: 'key' };

function limited(issue: z.core.$ZodRawIssue<z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall>, limit: number, words: string): string {
  const unit = units[issue.origin];
  if (unit === undefined) return `must be ${words} ${limit}`;
  if (issue.code === 'too_small' && limit === 1 && issue.origin === 'string') return 'must not be empty';
  return `must have ${issue.exact ? 'exactly' : words} ${limit} ${unit}${limit === 1 ? '' : 's'}`;
}

const formats: Readonly<Record<string, string>> = {
  email: 'an e-mail address such as ada@example.com',
  url: 'a URL such as https://example.com',
  uuid: 'a UUID such as 123e4567-e89b-42d3-a456-426614174000',
  date: 'a date such as 2026-03-01',
  datetime: 'a date and time with a time zone such as 2026-03-01T09:30:00Z',
  time: 'a time such as 09:30:00',
};

function formatted(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidStringFormat>): string {
  const { format, pattern, prefix, suffix, includes } = issue as typeof issue & {
    readonly [detail in 'prefix' | 'suffix' | 'includes']?: string;
  };
  if (prefix !== undefined) return `must start with ${JSON.stringify(prefix)}`;
  if (suffix !== undefined) return `must end with ${JSON.stringify(suffix)}`;
  if (includes !== undefined) return `must contain ${JSON.stringify(includes)}`;
  // zod writes a pattern as JavaScript does, between slashes.
  if (format === 'regex') return `must match the pattern ${String(pattern).replace(/^\/(.*)\/[a-z]*$/s, '$1')}`;
  return `must be ${formats[format] ?? `a valid ${format}`}`;
}

function propertyOf(value: unknown, name: unknown): unknown {
  return typeof name === 'string' ? (value as Readonly<Record<string, unknown>> | null)?.[name] : undefined;
}

function list(values: readonly unknown[]): string {
  const shown = values.slice(0, maxNames).map((value) => JSON.stringify(value) ?? String(value));
  return shown.join(', ') + (values.length > maxNames ? ', …' : '');
}
