import { sql, type RawBuilder } from 'kysely';

/** What may go into a batch's rows. What is undefined becomes null. */
type Field = string | number | boolean | null | undefined | readonly string[];

/**
 * Rows as one parameter, for `json_to_recordset`. What PostgreSQL cannot store as text (U+0000, half a surrogate pair) is replaced, so
 * that one caller's odd character never fails the batch that it shares with others.
 */
export function itemsParameter(rows: readonly Readonly<Record<string, Field>>[]): RawBuilder<unknown> {
  return sql`${itemsText(rows)}::json`;
}

/** The text of {@link itemsParameter}. */
export function itemsText(rows: readonly Readonly<Record<string, Field>>[]): string {
  return storableJson(rows);
}

/** The value as JSON that PostgreSQL can store the texts of. */
export function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  // What it cannot store is written with an escape, as are a few other characters. Nearly always there is none, and that is seen at once.
  if (!json.includes('\\u')) return json;
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'string' ? storableText(part) : part));
}

/**
 * Lines without line feeds, for `string_to_table(…, E'\\n')`. Where texts are long they cost least like this: nothing in them is escaped.
 */
export function linesText(lines: readonly string[]): string {
  return storableText(lines.join('\n'));
}

/** The text as PostgreSQL can store it. */
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

// What happens together has the same time, and is kept for the same time: the two are written in turn.
let lastTime = { ms: 0, text: new Date(0).toISOString() };
let timeBefore = lastTime;

/**
 * Whether a column's value is among those of a CTE's column of the same name, looked up in a hash. The connections of the ledger join by index
 * alone (see database.ts), and `in` by itself would become a join that reads the CTE once for each row.
 */
export function oneOf(column: string, cte: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(column)} in (select ${sql.ref(column)} from ${sql.table(cte)})) is true`;
}
