import { parseTime } from '../time.ts';
import type { Finding, Row, Rows } from './org-check.ts';

// Checks read rows with these functions, because any field of a row may be missing.

/** Returns the value at a path such as `Assignee.Name`. */
const valueAt = (row: Row, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Row)[name] : undefined), row);

/** Returns a string, or a number as a string. Returns an empty string if there is neither. */
export function textAt(row: Row, path: string): string {
  const value = valueAt(row, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Returns a number, parsed if it is a string. Returns 0 if there is none. */
export function numberAt(row: Row, path: string): number {
  const value = Number(valueAt(row, path) ?? 0);
  return Number.isFinite(value) ? value : 0;
}

/** Whether the value at a path is exactly `true`. */
export const isTrue = (row: Row, path: string): boolean => valueAt(row, path) === true;

/** Returns the number of days from now until a date: negative for a past date, undefined if there is no date. */
export function daysUntil(row: Row, path: string, nowMs: number): number | undefined {
  const ms = parseTime(textAt(row, path));
  return Number.isNaN(ms) ? undefined : Math.floor((ms - nowMs) / 86_400_000);
}

/** Returns the rows of one source of a check. */
export const rowsOf = (readings: readonly Rows[], index = 0): readonly Row[] => readings[index]?.rows ?? [];

/** Judges the used share of a limit, with the same thresholds for all checks: 95 % or more is a failure, 80 % or more a warning. */
export const shareStatus = (percent: number): 'pass' | 'warn' | 'fail' => (percent >= 95 ? 'fail' : percent >= 80 ? 'warn' : 'pass');

/** Returns the worst of several statuses. `unknown` does not count. */
export function worst(list: readonly Finding['status'][]): 'pass' | 'warn' | 'fail' {
  return list.includes('fail') ? 'fail' : list.includes('warn') ? 'warn' : 'pass';
}
