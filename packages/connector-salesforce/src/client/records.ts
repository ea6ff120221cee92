import { ToolError, type Context } from '@busbar/core';
import { CreatedAnswer, SObject, UpsertedAnswer } from '../schemas.ts';
import type { SalesforceApi } from './api.ts';

/** Fields of a record by API name. */
export type RecordFields = Readonly<Record<string, unknown>>;

export const records = ({ request, send }: SalesforceApi) => ({
  getRecord: (object: string, id: string, fields: readonly string[] | undefined, context: Context) =>
    send(
      {
        method: 'GET',
        path: '/services/data/{version}/sobjects/{object}/{id}',
        params: { object, id },
        query: { fields: fields?.join(',') },
        response: SObject,
      },
      context,
    ),

  getRecordByExternalId: (object: string, field: string, value: string, fields: readonly string[] | undefined, context: Context) =>
    send(
      {
        method: 'GET',
        path: '/services/data/{version}/sobjects/{object}/{field}/{value}',
        params: { object, field, value },
        query: { fields: fields?.join(',') },
        response: SObject,
      },
      context,
    ),

  /** Never repeated: Salesforce has no idempotency keys, so a repeated request would create a second record. */
  createRecord: (object: string, fields: RecordFields, context: Context) =>
    send(
      {
        method: 'POST',
        path: '/services/data/{version}/sobjects/{object}',
        params: { object },
        body: { json: fields },
        retry: 'never',
        ifLost: `Look for the new ${object} with salesforce_query_records (ORDER BY CreatedDate DESC) before you create it again. salesforce_upsert_record with an external id can be repeated safely.`,
        response: CreatedAnswer,
      },
      context,
    ),

  /** Never repeated: a repetition could undo a change that another user has made since, and would run the org's automation again. */
  updateRecord: (object: string, id: string, fields: RecordFields, unmodifiedSince: Date | undefined, context: Context) =>
    send(
      {
        method: 'PATCH',
        path: '/services/data/{version}/sobjects/{object}/{id}',
        params: { object, id },
        body: { json: fields },
        ...(unmodifiedSince !== undefined && { headers: { 'If-Unmodified-Since': unmodifiedSince.toUTCString() } }),
        retry: 'never',
        ifLost: `Read ${object} ${id} with salesforce_get_record and update it again only if it is not yet as you want it.`,
      },
      context,
    ),

  /**
   * Repeated if its answer is lost: the external id identifies the record, so a repeated request creates no second record. Returns
   * undefined for a 204, which has no body.
   */
  async upsertRecord(object: string, field: string, value: string, fields: RecordFields, context: Context) {
    const { status, data } = await request(
      {
        method: 'PATCH',
        path: '/services/data/{version}/sobjects/{object}/{field}/{value}',
        params: { object, field, value },
        body: { json: fields },
        retry: 'safe',
        ifLost: `The same upsert can be repeated safely; salesforce_get_record with externalIdField "${field}" shows the record.`,
        response: UpsertedAnswer,
      },
      context,
    );
    if (!data && status !== 204)
      throw new ToolError(
        'UPSTREAM_INVALID',
        `Salesforce answered HTTP ${status} without a record. The same upsert can be repeated safely.`,
      );
    return data;
  },

  /** Never repeated: the repetition would fail with "not found", and the outcome of the first request would stay unknown. */
  deleteRecord: (object: string, id: string, context: Context) =>
    send(
      {
        method: 'DELETE',
        path: '/services/data/{version}/sobjects/{object}/{id}',
        params: { object, id },
        retry: 'never',
        ifLost: `Read ${object} ${id} with salesforce_get_record: NOT_FOUND means that it is deleted.`,
      },
      context,
    ),
});
