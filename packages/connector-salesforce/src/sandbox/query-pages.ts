import { refusal } from './refusal.ts';

/** The result of a query, which is returned page by page. */
export interface QueryResult {
  readonly rows: readonly object[];
  readonly total: number;
  /** Rows per page. */
  readonly size: number;
  readonly tooling: boolean;
  /** The object after FROM. */
  readonly type: string;
}

const maxResults = 1_000;

/** Keeps the results of queries, at most 1,000, and returns their pages. */
export function createQueryPages(base: string) {
  const results = new Map<string, QueryResult>();

  function page({ rows, total, size, tooling, type }: QueryResult, from: number, locator: string): object {
    const end = from + size;
    const done = end >= rows.length;
    return {
      ...(tooling && { size: rows.length }),
      totalSize: total,
      done,
      ...(!done && { nextRecordsUrl: `${base}${tooling ? '/tooling' : ''}/query/${locator}-${end}` }),
      ...(tooling && { queryLocator: null, entityTypeName: rows.length > 0 ? type : null }),
      records: rows.slice(from, end),
    };
  }

  return {
    /** Returns the first page and, if there are more pages, keeps the result. */
    first(result: QueryResult): object {
      const locator = `01g${String(results.size + 1).padStart(12, '0')}AAA`;
      if (result.rows.length > result.size && results.size < maxResults) results.set(locator, result);
      return page(result, 0, locator);
    },

    /** Returns the page that a cursor names, such as `01g000000000001AAA-2000`. @throws {VendorError} if there is no such page. */
    next(cursor: string, tooling: boolean): object {
      const [locator = '', from = ''] = cursor.split('-');
      const result = results.get(locator);
      if (result?.tooling !== tooling || !/^\d+$/.test(from)) throw refusal(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
      return page({ ...result, total: result.rows.length, type: '' }, Number(from), locator);
    },
  };
}
