import { sql, type RawBuilder } from 'kysely';

/** A value in a batch's rows. Undefined becomes null. */
type Field = string | number | boolean | null | undefined | readonly string[];

/**
 * Rows as one parameter, for `json_to_recordset`. Characters that PostgreSQL cannot store as text (U+0000, half a surrogate pair) are
 * replaced, so that a character from one caller never fails a batch that also has items of other callers.
 */
export function itemsParameter(rows: readonly Readonly<Record<string, Field>>[]): RawBuilder<unknown> {
  return sql`${itemsText(rows)}::json`;
}

/** The text of {@link itemsParameter}. */
export function itemsText(rows: readonly Readonly<Record<string, Field>>[]): string {
  return storableJson(rows);
}

/** The value as JSON, with all strings as {@link storableText} returns them. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  // JSON escapes every character that PostgreSQL cannot store, and a few others. Nearly all strings have no escapes, and this check is
  // cheap.
  if (!json.includes('\\u')) return json;
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'string' ? storableText(part) : part));
}

/**
 * Joins lines that contain no line feed, for `string_to_table(…, E'\\n')`. This is the cheapest form for long strings, because nothing in
 * them is escaped.
 */
export function linesText(lines: readonly string[]): string {
  return storableText(lines.join('\n'));
}

/** Replaces every character that PostgreSQL cannot store. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD');
}

/** A time as a parameter. */
export function timeParameter(ms: number): RawBuilder<Date> {
  return sql<Date>`${timeText(ms)}::timestamptz`;
}

/** A time as a field of {@link itemsParameter}. */
export function timeText(ms: number): string {
  if (ms === lastTime.ms) return lastTime.text;
  const found = ms === timeBefore.ms ? timeBefore : { ms, text: new Date(ms).toISOString() };
  timeBefore = lastTime;
  lastTime = found;
  return found.text;
}

// Calls that end together share the time of their end and the expiry of their answer, and the two are formatted in turn.
let lastTime = { ms: 0, text: new Date(0).toISOString() };
let timeBefore = lastTime;

/**
 * SQL that uses a hash lookup to check whether a column's value is in the CTE's column of the same name. The ledger's connections join only
 * by index (see database.ts), so a plain `in` would become a join that reads the whole CTE for each row.
 */
export function oneOf(column: string, cte: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(column)} in (select ${sql.ref(column)} from ${sql.table(cte)})) is true`;
}
