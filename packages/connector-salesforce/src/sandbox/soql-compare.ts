import type { OrgField } from './org-objects.ts';
import { timeOf } from './org-records.ts';
import { refusal } from './refusal.ts';
import { spanOfRange } from './soql-dates.ts';
import type { Literal } from './soql-query.ts';

const dayMs = 86_400_000;

/**
 * Returns a function that compares a value with a literal. @throws {VendorError} INVALID_FIELD if the literal does not have the field's
 * type.
 */
export function comparison(field: OrgField, operator: string, literal: Literal, now: number): (value: unknown) => boolean {
  demandType(field, literal);
  if (literal.kind === 'null') return (value) => (value === null) === (operator === '=');
  if (literal.kind === 'range' || literal.kind === 'date') {
    const [from, to] = spanOf(literal, now);
    const within = (value: unknown): boolean => timeOf(value) >= from && timeOf(value) < to;
    const tests: Record<string, (value: unknown) => boolean> = {
      '=': within,
      '!=': (value) => !within(value),
      '<': (value) => timeOf(value) < from,
      '<=': (value) => timeOf(value) < to,
      '>': (value) => timeOf(value) >= to,
      '>=': (value) => timeOf(value) >= from,
    };
    return (value) => value !== null && (tests[operator]?.(value) ?? false);
  }
  const wanted = literal.value;
  if (operator === 'LIKE') {
    const pattern = new RegExp(`^${likePattern(String(wanted))}$`, 'is');
    return (value) => value !== null && pattern.test(String(value));
  }
  const order = (value: unknown) => compareValues(value, wanted);
  const tests: Record<string, (value: unknown) => boolean> = {
    '=': (value) => value !== null && order(value) === 0,
    '!=': (value) => value === null || order(value) !== 0,
    '<': (value) => value !== null && order(value) < 0,
    '<=': (value) => value !== null && order(value) <= 0,
    '>': (value) => value !== null && order(value) > 0,
    '>=': (value) => value !== null && order(value) >= 0,
  };
  return tests[operator] ?? (() => false);
}

/** Wrong quoting turns a literal into a string where the field's type allows none, or the other way round. */
function demandType({ name, type }: OrgField, literal: Literal): void {
  const isTime = type === 'datetime' || type === 'date';
  const isNumber = ['int', 'double', 'currency'].includes(type);
  const fits: Record<Literal['kind'], boolean> = {
    null: true,
    text: !isTime && !isNumber && type !== 'boolean',
    number: isNumber,
    boolean: type === 'boolean',
    date: isTime,
    range: isTime,
  };
  if (!fits[literal.kind]) {
    const quotes = literal.kind === 'text' ? 'should not be enclosed in quotes' : 'should be enclosed in quotes';
    throw refusal(400, 'INVALID_FIELD', `value of filter criterion for field '${name}' must be of type ${type} and ${quotes}`);
  }
}

/** Returns the time span of a date, without its end. */
function spanOf(literal: Literal & { kind: 'range' | 'date' }, now: number): [from: number, to: number] {
  if (literal.kind === 'date') {
    const from = timeOf(literal.value);
    return [from, from + (literal.value.includes('T') ? 1 : dayMs)];
  }
  return spanOfRange(literal.name, literal.n, now);
}

const likePattern = (text: string): string =>
  text.replaceAll(
    /\\([_%])|([_%])|[.*+?^${}()|[\]\\/]/g,
    (char, escaped?: string, wild?: string) => escaped ?? (wild === '%' ? '.*' : wild === '_' ? '.' : `\\${char}`),
  );

/** Compares strings without regard to case, as Salesforce does. Nulls come first. */
export function compareValues(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  const [left, right] = typeof a === 'number' && typeof b === 'number' ? [a, b] : [String(a).toLowerCase(), String(b).toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}
