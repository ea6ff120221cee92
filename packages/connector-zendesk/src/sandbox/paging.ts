import { VendorError } from '@busbar/core/testing';
import { limits } from './limits.ts';
import { badRequest } from './refusal.ts';

interface PageRequest {
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Page<T> {
  readonly records: readonly T[];
  /** The fields of the answer that describe the page. */
  readonly meta: object;
}

/** Cursor paging: `page[size]` and `page[after]`, answered with `meta` and `links`. @throws {VendorError} for an invalid size or cursor. */
export function cursorPage<T>({ path, query }: PageRequest, host: string, all: readonly T[], { maxSize }: { maxSize: number }): Page<T> {
  const size = Number(query.get('page[size]') ?? limits.cursorPage.most);
  if (!(size >= 1 && size <= maxSize)) throw badRequest(`page[size] must be between 1 and ${maxSize}`);
  const cursor = query.get('page[after]');
  const start = cursor === null ? 0 : readCursor(cursor);
  const end = start + size;
  const more = end < all.length;
  const after = more ? btoa(`after:${end}`) : null;
  const next = new URLSearchParams(query);
  if (after !== null) next.set('page[after]', after);
  return {
    records: all.slice(start, end),
    meta: {
      meta: { has_more: more, after_cursor: after, before_cursor: null },
      links: { prev: null, next: more ? `https://${host}${path}?${next.toString()}` : null },
    },
  };
}

function readCursor(cursor: string): number {
  try {
    const position = /^after:(\d+)$/.exec(atob(cursor))?.[1];
    if (position !== undefined) return Number(position);
  } catch {
    // Not base64, so not a cursor of this sandbox.
  }
  throw badRequest('page[after] is not valid');
}

/** Offset paging: `page` and `per_page`, answered with a count. A search reaches fewer records than a list. @throws {VendorError} */
export function offsetPage<T>({ path, query }: PageRequest, host: string, all: readonly T[], kind: 'list' | 'search'): Page<T> {
  const size = Math.min(Number(query.get('per_page') ?? 100), limits.offsetPage.most);
  const number = Number(query.get('page') ?? 1);
  if (!(size >= 1 && number >= 1)) throw badRequest('page and per_page must be positive numbers');
  if (kind === 'search' && number * size > limits.searchResults.most) throw tooManyResults();
  if (number * size > limits.offsetRecords.most) throw tooDeep();
  const link = (page: number): string => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(page));
    return `https://${host}${path}?${parameters.toString()}`;
  };
  return {
    records: all.slice((number - 1) * size, number * size),
    meta: {
      next_page: number * size < all.length ? link(number + 1) : null,
      previous_page: number > 1 ? link(number - 1) : null,
      count: all.length,
    },
  };
}

const tooManyResults = () =>
  new VendorError(422, {
    error: 'invalid',
    description: 'Invalid search: Requested response size was greater than Search Response Limits',
  });

const tooDeep = () =>
  new VendorError(400, {
    errors: [
      {
        code: 'InvalidPaginationDepth',
        title: 'Pagination requests using Offset Pagination are limited to page 100 or up to 10000 records (page * per_page)',
        detail: 'There are limits to the page depth in Offset Pagination. Please switch to Cursor Pagination.',
      },
    ],
  });
