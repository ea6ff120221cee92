import { ToolError, type Context } from '@busbar/core';
import { CompositeAnswer, QueryAnswer } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';
import { fitUrl } from './fit-url.ts';

/** The API that a query is sent to: the org's data, or its configuration. */
export type QueryApi = 'data' | 'tooling';

/** The outcome of one query in a composite request. */
export interface CompositePart {
  readonly status: number;
  readonly body: unknown;
}

/** A query, and how to run it. */
export interface Query {
  readonly soql: string;
  /** Also finds deleted records. Default false. */
  readonly deleted?: boolean | undefined;
  /** The size of a page, 200 to 2,000. Salesforce treats it as a hint. */
  readonly batchSize?: number | undefined;
}

export const queries = ({ send, version }: SalesforceApi) => ({
  /** Runs SOQL unchanged and unchecked. */
  query: ({ soql, deleted, batchSize }: Query, context: Context) =>
    send(
      {
        method: 'GET',
        path: deleted ? '/services/data/{version}/queryAll' : '/services/data/{version}/query',
        query: { q: fitUrl(soql) },
        ...(batchSize !== undefined && { headers: { 'Sforce-Query-Options': `batchSize=${batchSize}` } }),
        response: QueryAnswer,
      },
      context,
    ),

  /** Reads the page that a locator names. Salesforce keeps the page for between 15 minutes and two days. */
  queryMore: (api: QueryApi, locator: string, context: Context) =>
    send(
      {
        method: 'GET',
        path: api === 'data' ? '/services/data/{version}/query/{locator}' : '/services/data/{version}/tooling/query/{locator}',
        params: { locator },
        response: QueryAnswer,
      },
      context,
    ).catch((error: unknown) => Promise.reject(pageRefused(error))),

  /**
   * Runs up to five queries in one API call. Each succeeds or fails on its own. The outcomes are in the order of the queries.
   *
   * @throws {ToolError} UPSTREAM_INVALID if Salesforce leaves a query unanswered.
   */
  async queryTogether(api: QueryApi, soql: readonly string[], context: Context): Promise<CompositePart[]> {
    const base = `/services/data/${version}${api === 'tooling' ? '/tooling' : ''}`;
    const { compositeResponse } = await send(
      {
        method: 'POST',
        path: api === 'tooling' ? '/services/data/{version}/tooling/composite' : '/services/data/{version}/composite',
        body: {
          json: {
            allOrNone: false,
            compositeRequest: soql.map((query, index) => ({
              method: 'GET',
              url: `${base}/query?q=${encodeURIComponent(query)}`,
              referenceId: `q${index}`,
            })),
          },
        },
        // The request contains only reads.
        retry: 'safe',
        response: CompositeAnswer,
      },
      context,
    );
    return soql.map((_, index) => {
      const part = compositeResponse.find(({ referenceId }) => referenceId === `q${index}`);
      if (!part) throw new ToolError('UPSTREAM_INVALID', 'Salesforce left a query of a composite request unanswered.');
      return { status: part.httpStatusCode, body: part.body };
    });
  },
});

/** A locator may end with the session that began the query. Salesforce then refuses the next session, as if sign-in were at fault. */
function pageRefused(error: unknown): unknown {
  if (!ToolError.is(error) || error.code !== 'UNAUTHENTICATED') return error;
  return new ToolError(
    error.code,
    `The page belongs to a session that has ended, or the connection cannot sign in. Begin again without a cursor: if that succeeds, nothing else is wrong. ${error.message}`,
    { cause: error },
  );
}

/** Returns the locator in a `nextRecordsUrl`, or undefined on the last page. */
export function locatorOf({ done, nextRecordsUrl }: QueryAnswer): string | undefined {
  if (done !== false || !nextRecordsUrl) return undefined;
  return /\/query\/([A-Za-z0-9-]+)$/.exec(nextRecordsUrl)?.[1];
}
