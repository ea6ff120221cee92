import type { Clock } from '@busbar/core';
import { writeCollection } from './collections.ts';
import { relationshipOf, type OrgField, type OrgObject } from './org-objects.ts';
import { timeOf, type OrgRecord, type OrgRecords } from './org-records.ts';
import { malformed, notFound, Refusal, refusal } from './refusal.ts';
import { parseSoql } from './soql-parse.ts';
import { runSoql } from './soql-run.ts';
import { searchRecords } from './search.ts';
import { vendorLimits } from './vendor-limits.ts';
import { byExternalId, createRecord, deleteRecord, existing, updateRecord, upsertRecord, writableObject } from './write-record.ts';

/** A request below `/services/data/vXX.0`. */
export interface ResourceRequest {
  readonly method: string;
  /** The decoded segments, without empty ones. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer of a resource. */
export interface ResourceAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The data that the resources read and write. */
export interface ResourceOptions {
  readonly records: OrgRecords;
  readonly clock: Clock;
  /** The start of every path, such as `/services/data/v64.0`. */
  readonly base: string;
  /** The answer of `/limits`. */
  readonly limits: ReadonlyMap<string, { readonly Max: number; readonly Remaining: number }>;
  /** Objects and resources that the user may not see, with the code of the refusal. */
  readonly refusals: ReadonlyMap<string, string>;
  /** The number of records of an object beyond the ones in `records`. */
  readonly recordCounts: ReadonlyMap<string, number>;
}

type Json = Readonly<Record<string, unknown>>;

const maxPages = 1_000;

/** Creates the REST resources of an org, including Tooling's. They throw a {@link Refusal}; any other error is a bug. */
export function createResources(options: ResourceOptions) {
  const { records, clock, base } = options;
  const pages = new Map<string, { readonly rows: readonly object[]; readonly size: number; readonly tooling: boolean }>();

  function demandAccess(name: string): void {
    const code = options.refusals.get(name);
    if (code === undefined) return;
    throw refusal(
      400,
      code,
      code === 'INVALID_TYPE' ? `sObject type '${name}' is not supported.` : `insufficient access rights on ${name}`,
    );
  }

  function query(request: ResourceRequest, api: 'data' | 'tooling', deleted: boolean): ResourceAnswer {
    const soql = request.query.get('q');
    if (soql === null) throw malformed('A query string has to be specified');
    const parsed = parseSoql(soql);
    const { rows, total, grouped } = runSoql(records, parsed, { api, deleted, now: clock.now(), demandAccess, base });
    const wanted = Number(/batchSize=(\d+)/.exec(request.headers['sforce-query-options'] ?? '')?.[1] ?? vendorLimits.largestBatch.most);
    const size = Math.min(vendorLimits.largestBatch.most, Math.max(vendorLimits.smallestBatch.least, wanted));
    if (grouped && rows.length > vendorLimits.largestBatch.most)
      throw refusal(
        400,
        'EXCEEDED_ID_LIMIT',
        'Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch',
      );
    const locator = `01g${String(pages.size + 1).padStart(12, '0')}AAA`;
    if (rows.length > size && pages.size < maxPages) pages.set(locator, { rows, size, tooling: api === 'tooling' });
    return { body: page(rows, total, 0, size, locator, api === 'tooling', parsed.from) };
  }

  function page(rows: readonly object[], total: number, from: number, size: number, locator: string, tooling: boolean, type: string) {
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

  function nextPage(cursor: string, tooling: boolean): ResourceAnswer {
    const [locator = '', from = ''] = cursor.split('-');
    const kept = pages.get(locator);
    if (!kept || kept.tooling !== tooling || !/^\d+$/.test(from)) throw refusal(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    return { body: page(kept.rows, kept.rows.length, Number(from), kept.size, locator, tooling, '') };
  }

  function sobject(request: ResourceRequest, name: string, rest: readonly string[]): ResourceAnswer {
    const { method, body } = request;
    const [id, value] = rest;
    const object = records.objects.get(name);
    if (!object?.apis.includes('data')) throw notFound();
    demandAccess(name);
    if (method === 'GET' && id === 'describe') return { body: describe(object) };
    if (method === 'POST' && id === undefined) {
      const record = createRecord(records, writableObject(records, name), body as Json);
      return {
        status: 201,
        headers: { location: `${base}/sobjects/${name}/${record.Id}` },
        body: { id: record.Id, success: true, errors: [] },
      };
    }
    if (id === undefined) throw refusal(405, 'METHOD_NOT_ALLOWED', `HTTP Method '${method}' not allowed.`);
    if (value !== undefined) return byExternal(request, object, id, value);
    if (method === 'GET') return { body: viewRecord(object, existing(records, object, id), request.query.get('fields')) };
    if (method === 'PATCH') {
      const since = request.headers['if-unmodified-since'];
      const record = existing(records, writableObject(records, name), id);
      if (since !== undefined && timeOf(record['LastModifiedDate']) > Date.parse(since))
        throw refusal(412, 'PRECONDITION_FAILED', 'One or more request preconditions failed');
      updateRecord(records, object, id, body as Json);
      return { status: 204 };
    }
    if (method !== 'DELETE') throw refusal(405, 'METHOD_NOT_ALLOWED', `HTTP Method '${method}' not allowed.`);
    deleteRecord(records, writableObject(records, name), id);
    return { status: 204 };
  }

  function byExternal({ method, query: search, body }: ResourceRequest, object: OrgObject, field: string, value: string): ResourceAnswer {
    if (method === 'PATCH') {
      const { record, created } = upsertRecord(records, writableObject(records, object.name), field, value, body as Json, base);
      return { status: created ? 201 : 200, body: { id: record.Id, success: true, errors: [], created } };
    }
    const found = byExternalId(records, object, field, value);
    const [record] = found;
    if (!record) throw refusal(404, 'NOT_FOUND', `Provided external ID field does not exist or is not accessible: ${value}`);
    if (found.length > 1)
      throw new Refusal(
        300,
        found.map(({ Id }) => `${base}/sobjects/${object.name}/${Id}`),
      );
    return { body: viewRecord(object, record, search.get('fields')) };
  }

  function viewRecord(object: OrgObject, record: OrgRecord, fields: string | null): object {
    const wanted = fields?.split(',').map((field) => field.trim()) ?? [...object.fields.keys()];
    const soql = `SELECT ${wanted.join(', ')} FROM ${object.name} WHERE Id = '${record.Id}'`;
    const run = { api: 'data', deleted: false, now: clock.now(), demandAccess, base } as const;
    return runSoql(records, parseSoql(soql), run).rows[0] ?? {};
  }

  function collections({ method, query: search, body, path }: ResourceRequest): ResourceAnswer {
    const [, , object, field] = path;
    const { records: rows = [], allOrNone } = (body ?? {}) as { records?: unknown[]; allOrNone?: unknown };
    const all = allOrNone === true;
    if (object !== undefined && field !== undefined && method === 'PATCH')
      return { body: writeCollection(records, { kind: 'upsert', object, field }, rows, all) };
    if (object !== undefined) throw notFound();
    if (method === 'POST') return { body: writeCollection(records, { kind: 'create' }, rows, all) };
    if (method === 'PATCH') return { body: writeCollection(records, { kind: 'update' }, rows, all) };
    if (method !== 'DELETE') throw notFound();
    const ids = (search.get('ids') ?? '').split(',').filter(Boolean);
    return { body: writeCollection(records, { kind: 'delete' }, ids, search.get('allOrNone') === 'true') };
  }

  function composite({ body }: ResourceRequest, tooling: boolean): ResourceAnswer {
    const { compositeRequest } = (body ?? {}) as {
      compositeRequest?: { method: string; url: string; referenceId: string; body?: unknown }[];
    };
    if (!Array.isArray(compositeRequest) || compositeRequest.length === 0)
      throw refusal(400, 'INVALID_INPUT', 'compositeRequest is required');
    const { compositeRequests, compositeQueries } = vendorLimits;
    if (compositeRequest.length > compositeRequests.most)
      return limitExceeded(`The request can’t contain more than ${compositeRequests.most} operations.`);
    const prefix = `${base}${tooling ? '/tooling' : ''}/`;
    const isQuery = (url: string): boolean => new RegExp(`^${prefix}(?:query|queryAll|composite/sobjects)\\b`).test(url);
    if (compositeRequest.filter(({ url }) => isQuery(url)).length > compositeQueries.most)
      return limitExceeded(`The request can’t contain more than ${compositeQueries.most} query and collection operations.`);
    return {
      body: {
        compositeResponse: compositeRequest.map((part) => {
          const [status, answer] = attempt(part, prefix);
          return { body: answer ?? null, httpHeaders: {}, httpStatusCode: status, referenceId: part.referenceId };
        }),
      },
    };
  }

  /** Salesforce refuses a whole composite inside a 200 too, with one part that answers none of the requests. */
  const limitExceeded = (message: string): ResourceAnswer => ({
    body: {
      compositeResponse: [{ body: [{ errorCode: 'LIMIT_EXCEEDED', message }], httpHeaders: {}, httpStatusCode: 400, referenceId: null }],
    },
  });

  function attempt(part: { method: string; url: string; body?: unknown }, prefix: string): [status: number, body: unknown] {
    try {
      // A composite takes only queries and records.
      if (!new RegExp(`^${prefix}(?:query|queryAll|sobjects)\\b`).test(part.url)) throw notFound();
      const url = new URL(part.url, 'https://org');
      const path = url.pathname.slice(base.length).split('/').filter(Boolean).map(decodeURIComponent);
      const answer = answerRequest({ method: part.method, path, query: url.searchParams, body: part.body, headers: {} });
      return [answer.status ?? 200, answer.body];
    } catch (error) {
      if (error instanceof Refusal) return [error.status, error.body];
      throw error;
    }
  }

  function answerRequest(request: ResourceRequest): ResourceAnswer {
    const { method, path } = request;
    const [first = '', second, ...rest] = path;
    if (first === 'tooling') {
      if (second === 'composite') return composite(request, true);
      if (second === 'query') return rest[0] === undefined ? query(request, 'tooling', false) : nextPage(rest[0], true);
      throw notFound();
    }
    if (first === 'composite')
      return second === 'sobjects' ? collections(request) : second === undefined ? composite(request, false) : missing();
    if (first === 'sobjects') return second === undefined ? { body: global() } : sobject(request, second, rest);
    if (method !== 'GET') throw notFound();
    if (first === 'query' || first === 'queryAll')
      return second === undefined ? query(request, 'data', first === 'queryAll') : nextPage(second, false);
    if (first === 'search') return { body: { searchRecords: searchRecords(records, request.query.get('q') ?? '', base) } };
    if (first !== 'limits') throw notFound();
    demandAccess(second === undefined ? 'limits' : 'recordCount');
    if (second === undefined) return { body: Object.fromEntries(options.limits) };
    const names = (request.query.get('sObjects') ?? '').split(',').filter((name) => records.objects.has(name));
    return { body: { sObjects: names.map((name) => ({ name, count: records.all(name).length + (options.recordCounts.get(name) ?? 0) })) } };
  }

  const missing = (): never => {
    throw notFound();
  };

  function global(): object {
    const data = [...records.objects.values()].filter(({ apis }) => apis.includes('data'));
    return { encoding: 'UTF-8', maxBatchSize: 200, sobjects: data.map(flagsOf) };
  }

  return { answer: answerRequest };
}

const flagsOf = (object: OrgObject) => ({
  name: object.name,
  label: object.name.replace(/__c$/, '').replaceAll('_', ' '),
  keyPrefix: object.keyPrefix,
  custom: object.name.endsWith('__c'),
  queryable: true,
  createable: object.writable,
  updateable: object.writable,
  deletable: object.writable,
});

function describe(object: OrgObject): object {
  const fields = [...object.fields.values()].map((field: OrgField) => ({
    name: field.name,
    label: field.name.replace(/__c$/, '').replaceAll('_', ' '),
    type: field.type,
    length: field.type === 'string' ? 255 : 0,
    nillable: !field.required,
    defaultedOnCreate: false,
    createable: object.writable && !field.readOnly,
    updateable: object.writable && !field.readOnly,
    externalId: field.externalId,
    unique: field.unique,
    calculated: false,
    inlineHelpText: null,
    referenceTo: field.refersTo,
    relationshipName: relationshipOf(field) ?? null,
    picklistValues: field.values.map((value) => ({ value, label: value, active: true })),
  }));
  return { ...flagsOf(object), fields, childRelationships: [] };
}
