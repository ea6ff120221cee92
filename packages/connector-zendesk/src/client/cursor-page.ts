import { nextPage, onePage, type Context } from '@busbar/core';
import type { PageLinks } from '../schemas.ts';

/** A page of a list that Zendesk pages by cursor. Without `after`, the first page. */
export interface CursorPage {
  readonly size: number;
  readonly after?: string | undefined;
}

/** The query parameters that select a page. */
export const cursorQuery = ({ size, after }: CursorPage) => ({ 'page[size]': size, 'page[after]': after });

/**
 * Returns the cursor of the page after `page`, or undefined after the last page. Zendesk's answer names it in `meta` or in a link, of which
 * only the cursor is used. Warns if the list goes on but has no cursor. @throws {ToolError} UPSTREAM_INVALID for a cursor that stays.
 */
export function nextCursor({ meta, links, next_page }: PageLinks, page: CursorPage, context: Context): string | undefined {
  const link = links?.next ?? next_page ?? undefined;
  const more = meta?.has_more ?? link !== undefined;
  const next = meta?.after_cursor ?? URL.parse(link ?? '', 'https://zendesk.com')?.searchParams.get('page[after]');
  return nextPage('Zendesk', { more, next, current: page.after }, context);
}

/** Returns the rows of a page, and warns if Zendesk has sent more than it was asked for. */
export const rowsOf = <T>(rows: readonly T[], { size }: CursorPage, context: Context): readonly T[] =>
  onePage('Zendesk', rows, size, context);
