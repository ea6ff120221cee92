import type { Context } from './context.ts';
import { ToolError } from '../errors.ts';

/** What a vendor's answer says about the page after it. `P` is a position in the list, such as a cursor or an offset. */
export interface PageEnd<P> {
  /** Whether the vendor says that the list goes on. */
  readonly more: boolean;
  /** Where it goes on. */
  readonly next: P | null | undefined;
  /** The position of this page. Undefined for the first page. */
  readonly current: P | undefined;
}

/**
 * Returns the position of the next page, or undefined at the end of the list. If the vendor says that the list goes on but not where, warns
 * the model, which would otherwise take the page for the whole list.
 *
 * @throws {ToolError} UPSTREAM_INVALID if the list goes on where the page began, because reading on would never end.
 */
export function nextPage<P extends string | number>(vendor: string, { more, next, current }: PageEnd<P>, context: Context): P | undefined {
  if (!more) return undefined;
  if (next === undefined || next === null || next === '') {
    context.warn(`This is not the whole list: ${vendor} says that there is more, but not where. Narrow the request to read the rest.`);
    return undefined;
  }
  if (next === current)
    throw new ToolError(
      'UPSTREAM_INVALID',
      `${vendor} names this page as its own next page, so the list cannot be read to its end. The pages before it are right; narrow the request to read the rest.`,
    );
  return next;
}

/**
 * Returns the first `size` rows of a page that was read by cursor. If the vendor has sent more rows than it was asked for, warns the model,
 * because no cursor leads to them.
 */
export function onePage<T>(vendor: string, rows: readonly T[], size: number, context: Context): readonly T[] {
  if (rows.length <= size) return rows;
  context.warn(`This is not the whole list: ${vendor} sent ${rows.length} rows, and only the first ${size} are shown.`);
  return rows.slice(0, size);
}
