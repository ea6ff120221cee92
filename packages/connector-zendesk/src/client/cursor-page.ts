/** A page of a list that Zendesk pages by cursor. Without `after`, the first page. */
export interface CursorPage {
  readonly size: number;
  readonly after?: string | undefined;
}

/** The query parameters that select a page. */
export const cursorQuery = ({ size, after }: CursorPage) => ({ 'page[size]': size, 'page[after]': after });
