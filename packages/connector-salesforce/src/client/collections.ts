import type { Context } from '@busbar/core';
import { z } from 'zod';
import { SavedRow } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';
import type { RecordFields } from './records.ts';

/** One record of a collection to be written. */
export type CollectionRecord = RecordFields & { readonly attributes: { readonly type: string } };

/** Each method takes at most 200 records. */
export const collections = ({ send }: SalesforceApi) => ({
  /** Never repeated, like `createRecord`. */
  createRecords: (records: readonly CollectionRecord[], allOrNone: boolean, context: Context) =>
    send(
      {
        method: 'POST',
        path: '/services/data/{version}/composite/sobjects',
        body: { json: { allOrNone, records } },
        retry: 'never',
        ifLost:
          'Some or all rows may exist: look for them with salesforce_query_records (ORDER BY CreatedDate DESC) before you create any again. salesforce_upsert_records with an external id can be repeated safely.',
        response: z.array(SavedRow),
      },
      context,
    ),

  /** Each record carries its `id`. Never repeated, like `updateRecord`. */
  updateRecords: (records: readonly CollectionRecord[], allOrNone: boolean, context: Context) =>
    send(
      {
        method: 'PATCH',
        path: '/services/data/{version}/composite/sobjects',
        body: { json: { allOrNone, records } },
        retry: 'never',
        ifLost:
          'Some or all rows may be updated: read the records with salesforce_query_records and update again only those that are not yet as you want them.',
        response: z.array(SavedRow),
      },
      context,
    ),

  /** Each record carries its external id. Repeated, like `upsertRecord`. */
  upsertRecords: (object: string, field: string, records: readonly CollectionRecord[], allOrNone: boolean, context: Context) =>
    send(
      {
        method: 'PATCH',
        path: '/services/data/{version}/composite/sobjects/{object}/{field}',
        params: { object, field },
        body: { json: { allOrNone, records } },
        retry: 'safe',
        ifLost: 'The same upsert can be repeated safely.',
        response: z.array(SavedRow),
      },
      context,
    ),

  /** Never repeated, like `deleteRecord`. */
  deleteRecords: (ids: readonly string[], allOrNone: boolean, context: Context) =>
    send(
      {
        method: 'DELETE',
        path: '/services/data/{version}/composite/sobjects',
        query: { ids: ids.join(','), allOrNone },
        retry: 'never',
        ifLost: 'Some or all records may be deleted: look for them by Id with salesforce_query_records before you delete any again.',
        response: z.array(SavedRow),
      },
      context,
    ),
});
