import { ToolError, type Clock, type Context, type Http, type HttpRequest } from '@busbar/core';
import { z } from 'zod';
import {
  CompositeAnswer,
  CreatedAnswer,
  DescribeAnswer,
  LimitsAnswer,
  ObjectsAnswer,
  QueryAnswer,
  RecordCountAnswer,
  SavedRow,
  SearchAnswer,
  SObject,
  UpsertedAnswer,
  VersionsAnswer,
} from './schemas.ts';

/** Fields of a record by API name. */
export type RecordFields = Readonly<Record<string, unknown>>;

/** One record of a collection that is written. */
export type CollectionRecord = RecordFields & { readonly attributes: { readonly type: string } };

/** Which API a query goes to: the org's data, or what it is configured with. */
export type QueryApi = 'data' | 'tooling';

/** How one query of a composite ended. */
export interface CompositePart {
  readonly status: number;
  readonly body: unknown;
}

/** A URL of Salesforce may have so many bytes; what it holds beside the query is little. */
const maxQueryBytes = 15_000;

/** Salesforce's API, as far as the tools need it. */
export function createClient(http: Http, clock: Clock, myDomain: string, version: string) {
  const host = `${myDomain}.my.salesforce.com`;

  async function send<S extends z.ZodType = z.ZodUndefined>(context: Context, request: HttpRequest<S>): Promise<z.output<S>> {
    const { params, ...rest } = request;
    const versioned = request.path.includes('{version}') ? { version, ...params } : params;
    return (await http.request({ ...rest, ...(versioned && { params: versioned }) }, context)).data;
  }

  return {
    host,
    clock,
    /** The API version that requests are pinned to, such as `v64.0`. */
    version,
    /** Where a person looks at a record. */
    recordUrl: (id: string) => `https://${host}/${id}`,

    /** The versions that the org's server has, oldest first. */
    listVersions: (context: Context) => send(context, { method: 'GET', path: '/services/data', response: VersionsAnswer }),

    /** Runs SOQL, of which nothing is checked here. `batchSize` (200 to 2,000) is a wish. */
    query: (context: Context, soql: string, options: { readonly deleted?: boolean | undefined; readonly batchSize?: number } = {}) =>
      send(context, {
        method: 'GET',
        path: options.deleted ? '/services/data/{version}/queryAll' : '/services/data/{version}/query',
        query: { q: fitting(soql) },
        ...(options.batchSize !== undefined && { headers: { 'Sforce-Query-Options': `batchSize=${options.batchSize}` } }),
        response: QueryAnswer,
      }),

    /** The page that a locator names. Salesforce keeps it for some 15 minutes to two days. */
    queryMore: (context: Context, locator: string, api: QueryApi = 'data') =>
      send(context, {
        method: 'GET',
        path: api === 'data' ? '/services/data/{version}/query/{locator}' : '/services/data/{version}/tooling/query/{locator}',
        params: { locator },
        response: QueryAnswer,
      }),

    search: (context: Context, sosl: string) =>
      send(context, { method: 'GET', path: '/services/data/{version}/search', query: { q: fitting(sosl) }, response: SearchAnswer }),

    getRecord: (context: Context, object: string, id: string, fields?: readonly string[]) =>
      send(context, {
        method: 'GET',
        path: '/services/data/{version}/sobjects/{object}/{id}',
        params: { object, id },
        query: { fields: fields?.join(',') },
        response: SObject,
      }),

    getRecordByExternalId: (context: Context, object: string, field: string, value: string, fields?: readonly string[]) =>
      send(context, {
        method: 'GET',
        path: '/services/data/{version}/sobjects/{object}/{field}/{value}',
        params: { object, field, value },
        query: { fields: fields?.join(',') },
        response: SObject,
      }),

    /** Never repeated: Salesforce takes no key, and would make a second record. */
    createRecord: (context: Context, object: string, fields: RecordFields) =>
      send(context, {
        method: 'POST',
        path: '/services/data/{version}/sobjects/{object}',
        params: { object },
        body: { json: fields },
        retry: 'never',
        ifLost: `Look for the new ${object} with salesforce_query_records (ORDER BY CreatedDate DESC) before you create it again. salesforce_upsert_record with an external id can be repeated safely.`,
        response: CreatedAnswer,
      }),

    /** Never repeated: a repetition could undo what somebody changed in between, and runs the org's automation again. */
    updateRecord: (context: Context, object: string, id: string, fields: RecordFields, unmodifiedSince?: string) =>
      send(context, {
        method: 'PATCH',
        path: '/services/data/{version}/sobjects/{object}/{id}',
        params: { object, id },
        body: { json: fields },
        ...(unmodifiedSince !== undefined && { headers: { 'If-Unmodified-Since': new Date(unmodifiedSince).toUTCString() } }),
        retry: 'never',
        ifLost: `Read ${object} ${id} with salesforce_get_record and update it again only if it is not yet as you want it.`,
      }),

    /** Salesforce counts it once by the external id, so it is repeated when its answer is lost. Undefined where it says nothing of the record. */
    async upsertRecord(context: Context, object: string, field: string, value: string, fields: RecordFields) {
      const { status, data } = await http.request(
        {
          method: 'PATCH',
          path: '/services/data/{version}/sobjects/{object}/{field}/{value}',
          params: { version, object, field, value },
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

    /** Never repeated: the second one would be told that there is no such record, and the first one's outcome would stay unknown. */
    deleteRecord: (context: Context, object: string, id: string) =>
      send(context, {
        method: 'DELETE',
        path: '/services/data/{version}/sobjects/{object}/{id}',
        params: { object, id },
        retry: 'never',
        ifLost: `Read ${object} ${id} with salesforce_get_record: NOT_FOUND means that it is deleted.`,
      }),

    /** At most 200. Never repeated, as `createRecord`. */
    createRecords: (context: Context, records: readonly CollectionRecord[], allOrNone: boolean) =>
      send(context, {
        method: 'POST',
        path: '/services/data/{version}/composite/sobjects',
        body: { json: { allOrNone, records } },
        retry: 'never',
        ifLost:
          'Some or all rows may exist: look for them with salesforce_query_records (ORDER BY CreatedDate DESC) before you create any again. salesforce_upsert_records with an external id can be repeated safely.',
        response: z.array(SavedRow),
      }),

    /** At most 200, each with its `id`. Never repeated, as `updateRecord`. */
    updateRecords: (context: Context, records: readonly CollectionRecord[], allOrNone: boolean) =>
      send(context, {
        method: 'PATCH',
        path: '/services/data/{version}/composite/sobjects',
        body: { json: { allOrNone, records } },
        retry: 'never',
        ifLost:
          'Some or all rows may be updated: read the records with salesforce_query_records and update again only those that are not yet as you want them.',
        response: z.array(SavedRow),
      }),

    /** At most 200, each with its external id. Repeated, as `upsertRecord`. */
    upsertRecords: (context: Context, object: string, field: string, records: readonly CollectionRecord[], allOrNone: boolean) =>
      send(context, {
        method: 'PATCH',
        path: '/services/data/{version}/composite/sobjects/{object}/{field}',
        params: { object, field },
        body: { json: { allOrNone, records } },
        retry: 'safe',
        ifLost: 'The same upsert can be repeated safely.',
        response: z.array(SavedRow),
      }),

    /** At most 200. Never repeated, as `deleteRecord`. */
    deleteRecords: (context: Context, ids: readonly string[], allOrNone: boolean) =>
      send(context, {
        method: 'DELETE',
        path: '/services/data/{version}/composite/sobjects',
        query: { ids: ids.join(','), allOrNone },
        retry: 'never',
        ifLost: 'Some or all records may be deleted: look for them by Id with salesforce_query_records before you delete any again.',
        response: z.array(SavedRow),
      }),

    listObjects: (context: Context) => send(context, { method: 'GET', path: '/services/data/{version}/sobjects', response: ObjectsAnswer }),

    describeObject: (context: Context, object: string) =>
      send(context, {
        method: 'GET',
        path: '/services/data/{version}/sobjects/{object}/describe',
        params: { object },
        response: DescribeAnswer,
      }),

    getLimits: (context: Context) => send(context, { method: 'GET', path: '/services/data/{version}/limits', response: LimitsAnswer }),

    countRecords: (context: Context, objects: readonly string[]) =>
      send(context, {
        method: 'GET',
        path: '/services/data/{version}/limits/recordCount',
        query: { sObjects: objects.join(',') },
        response: RecordCountAnswer,
      }),

    /**
     * Up to five queries in one API call; each ends on its own. In the order of the queries.
     *
     * @throws {ToolError} UPSTREAM_INVALID where Salesforce answers other queries than were asked.
     */
    async queryTogether(context: Context, api: QueryApi, queries: readonly string[]): Promise<CompositePart[]> {
      const base = `/services/data/${version}${api === 'tooling' ? '/tooling' : ''}`;
      const { compositeResponse } = await send(context, {
        method: 'POST',
        path: api === 'tooling' ? '/services/data/{version}/tooling/composite' : '/services/data/{version}/composite',
        body: {
          json: {
            allOrNone: false,
            compositeRequest: queries.map((soql, index) => ({
              method: 'GET',
              url: `${base}/query?q=${encodeURIComponent(soql)}`,
              referenceId: `q${index}`,
            })),
          },
        },
        // It holds nothing but reads.
        retry: 'safe',
        response: CompositeAnswer,
      });
      return queries.map((_, index) => {
        const part = compositeResponse.find(({ referenceId }) => referenceId === `q${index}`);
        if (!part) throw new ToolError('UPSTREAM_INVALID', 'Salesforce left a query of a composite request unanswered.');
        return { status: part.httpStatusCode, body: part.body };
      });
    },
  };
}

/** Gives the query back. @throws {ToolError} INVALID_INPUT where it is too long for a URL of Salesforce. */
function fitting(query: string): string {
  const bytes = encodeURIComponent(query).length;
  if (bytes > maxQueryBytes)
    throw new ToolError(
      'INVALID_INPUT',
      `The query has ${bytes} bytes as a URL, and ${maxQueryBytes} is the most. Shorten it, or split it by ranges of values.`,
    );
  return query;
}

/** The locator in a `nextRecordsUrl`. Undefined on the last page. */
export function locatorOf({ done, nextRecordsUrl }: QueryAnswer): string | undefined {
  if (done !== false || !nextRecordsUrl) return undefined;
  return /\/query\/([A-Za-z0-9-]+)$/.exec(nextRecordsUrl)?.[1];
}

/** What {@link createClient} gives. */
export type SalesforceClient = ReturnType<typeof createClient>;
