import { sql, type RawBuilder } from 'kysely';

/** What may go into a batch's rows. */
type Field = string | number | boolean | null | readonly string[];

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

/**
 * Whether a column's value is among those of a CTE's column of the same name, looked up in a hash. The connections of the ledger join by index
 * alone (see database.ts), and `in` by itself would become a join that reads the CTE once for each row.
 */
export function oneOf(column: string, cte: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(column)} in (select ${sql.ref(column)} from ${sql.table(cte)})) is true`;
}
