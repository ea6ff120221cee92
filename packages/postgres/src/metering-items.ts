import { sql, type RawBuilder } from 'kysely';

/** What may go into a batch's rows. */
type Field = string | number | boolean | null;

/**
 * Rows as one parameter, for `json_to_recordset`. What PostgreSQL cannot store as text (U+0000, half a surrogate pair) is replaced, so
 * that one caller's odd character never fails the batch that it shares with others.
 */
export function itemsParameter(rows: readonly Readonly<Record<string, Field>>[]): RawBuilder<unknown> {
  const json = JSON.stringify(rows, (_name, value: unknown) => (typeof value === 'string' ? storableText(value) : value));
  return sql`${json}::json`;
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
  return new Date(ms).toISOString();
}
