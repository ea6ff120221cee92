import type { Context } from '@busbar/core';
import { CountAnswer, ExportAnswer, SearchAnswer } from '../schemas.ts';
import { cursorQuery, type CursorPage } from './cursor-page.ts';
import type { Send } from './send.ts';

/** A page of sorted search results. `number` times `size` is at most 1,000, Zendesk's limit. */
export interface SearchPage {
  readonly sortBy: 'created_at' | 'updated_at';
  readonly number: number;
  readonly size: number;
}

export const searchOperations = (send: Send) => ({
  /** Counts the tickets that match a query. */
  async countTickets(query: string, context: Context) {
    const request = { method: 'GET', path: '/api/v2/search/count', query: { query: `type:ticket ${query}`.trim() } } as const;
    return (await send({ ...request, response: CountAnswer }, context)).count;
  },

  /** Finds tickets, newest first, with their total count. Reaches the first 1,000 results only. */
  searchTickets: (query: string, page: SearchPage, context: Context) =>
    send(
      {
        method: 'GET',
        path: '/api/v2/search',
        query: { query: `type:ticket ${query}`.trim(), sort_by: page.sortBy, sort_order: 'desc', page: page.number, per_page: page.size },
        response: SearchAnswer,
      },
      context,
    ),

  /** Reads any number of results in order of creation. Zendesk's cursor expires after an hour. */
  exportTickets: (query: string, page: CursorPage, context: Context) =>
    send(
      {
        method: 'GET',
        path: '/api/v2/search/export',
        // An export accepts the type only as a filter, and refuses it in the query.
        query: { query, 'filter[type]': 'ticket', ...cursorQuery(page) },
        limit: 'search-export',
        response: ExportAnswer,
      },
      context,
    ),
});
