import type { Finding, Row, Rows } from './org-check.ts';

// What checks read of rows, in which anything may be missing.

/** The value at a path such as `Assignee.Name`. */
const valueAt = (row: Row, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Row)[name] : undefined), row);

/** A text; numbers are written out; empty where there is none. */
export function textAt(row: Row, path: string): string {
  const value = valueAt(row, path);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** A number, also one that comes as text; 0 where there is none. */
export function numberAt(row: Row, path: string): number {
  const value = Number(valueAt(row, path) ?? 0);
  return Number.isFinite(value) ? value : 0;
}

/** Whether the value at a path is `true`, and not merely there. */
export const isTrue = (row: Row, path: string): boolean => valueAt(row, path) === true;

/** Days from now until a date; negative where it is past; undefined where there is none. */
export function daysUntil(row: Row, path: string, nowMs: number): number | undefined {
  const ms = Date.parse(textAt(row, path).replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? undefined : Math.floor((ms - nowMs) / 86_400_000);
}

/** The rows of one source of a check. */
export const rowsOf = (given: readonly Rows[], index = 0): readonly Row[] => given[index]?.rows ?? [];

/** How a used share is read everywhere: from 95 % a failure, from 80 % a warning. */
export const shareStatus = (percent: number): 'pass' | 'warn' | 'fail' => (percent >= 95 ? 'fail' : percent >= 80 ? 'warn' : 'pass');

/** The worst of several. */
export function worst(list: readonly Finding['status'][]): 'pass' | 'warn' | 'fail' {
  return list.includes('fail') ? 'fail' : list.includes('warn') ? 'warn' : 'pass';
}
