import type { Clock } from '@busbar/core';
import { VendorError, type HandlerAnswer } from '@busbar/core/testing';
import { writeCollection } from './collections.ts';
import { answerComposite } from './composite.ts';
import { describeObject, summarizeObject } from './describe-object.ts';
import type { OrgObject } from './org-objects.ts';
import { timeOf, type OrgRecord, type OrgRecords } from './org-records.ts';
import { malformed, notFound, refusal } from './refusal.ts';
import { createQueryPages } from './query-pages.ts';
import type { ResourceRequest } from './resource-request.ts';
import { parseSoql } from './soql-parse.ts';
import { runSoql } from './soql-run.ts';
import { searchRecords } from './search.ts';
import { viewRecord } from './view-record.ts';
import { vendorLimits } from './vendor-limits.ts';
import { byExternalId, createRecord, deleteRecord, existing, updateRecord, upsertRecord, writableObject } from './write-record.ts';

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
  /** The number of records of an object in addition to those in `records`. */
  readonly recordCounts: ReadonlyMap<string, number>;
}

type Json = Readonly<Record<string, unknown>>;

/** Creates the REST resources of an org, including Tooling's. They throw a {@link VendorError}. Any other error is a bug. */
export function createResources(options: ResourceOptions) {
  const { records, clock, base } = options;
  const pages = createQueryPages(base);

  function demandAccess(name: string): void {
    const code = options.refusals.get(name);
    if (code === undefined) return;
    throw refusal(
      400,
      code,
      code === 'INVALID_TYPE' ? `sObject type '${name}' is not supported.` : `insufficient access rights on ${name}`,
    );
  }

  function query(request: ResourceRequest, api: 'data' | 'tooling', deleted: boolean): HandlerAnswer {
    const soql = request.query.get('q');
    if (soql === null) throw malformed('A query string has to be specified');
    const parsed = parseSoql(soql);
    const wanted = Number(/batchSize=(\d+)/.exec(request.headers['sforce-query-options'] ?? '')?.[1] ?? vendorLimits.largestBatch.most);
    const size = Math.min(vendorLimits.largestBatch.most, Math.max(vendorLimits.smallestBatch.least, wanted));
    const pageOf = (rows: readonly object[], type: string): object =>
      pages.first({ rows, total: rows.length, size, tooling: api === 'tooling', type });
    const { rows, total, grouped } = runSoql(records, parsed, { api, deleted, now: clock.now(), demandAccess, base, pageOf });
    if (grouped && rows.length > vendorLimits.largestBatch.most)
      throw refusal(
        400,
        'EXCEEDED_ID_LIMIT',
        'Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch',
      );
    return { body: pages.first({ rows, total, size, tooling: api === 'tooling', type: parsed.from }) };
  }

  function sobject(request: ResourceRequest, name: string, rest: readonly string[]): HandlerAnswer {
    const { method, body } = request;
    const [id, value] = rest;
    const object = records.objects.get(name);
    if (!object?.apis.includes('data')) throw notFound();
    demandAccess(name);
    if (method === 'GET' && id === 'describe') return { body: describeObject(records.objects, object) };
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
    if (method === 'GET') return { body: view(object, existing(records, object, id), request.query.get('fields')) };
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

  function byExternal({ method, query: search, body }: ResourceRequest, object: OrgObject, field: string, value: string): HandlerAnswer {
    if (method === 'PATCH') {
      const { record, created } = upsertRecord(records, writableObject(records, object.name), field, value, body as Json, base);
      return { status: created ? 201 : 200, body: { id: record.Id, success: true, errors: [], created } };
    }
    const found = byExternalId(records, object, field, value);
    const [record] = found;
    if (!record) throw refusal(404, 'NOT_FOUND', `Provided external ID field does not exist or is not accessible: ${value}`);
    if (found.length > 1)
      throw new VendorError(
        300,
        found.map(({ Id }) => `${base}/sobjects/${object.name}/${Id}`),
      );
    return { body: view(object, record, search.get('fields')) };
  }

  function view(object: OrgObject, record: OrgRecord, fields: string | null): object {
    const wanted = fields?.split(',').map((field) => field.trim()) ?? [...object.fields.keys()];
    return viewRecord(records, record, object, wanted, base);
  }

  function collections({ method, query: search, body, path }: ResourceRequest): HandlerAnswer {
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

  function answerRequest(request: ResourceRequest): HandlerAnswer {
    const { method, path } = request;
    const [first = '', second, ...rest] = path;
    if (first === 'tooling') {
      if (second === 'composite') return answerComposite(request.body, base, '/tooling', answerRequest);
      if (second === 'query') return rest[0] === undefined ? query(request, 'tooling', false) : { body: pages.next(rest[0], true) };
      throw notFound();
    }
    if (first === 'composite') {
      if (second === undefined) return answerComposite(request.body, base, '', answerRequest);
      if (second === 'sobjects') return collections(request);
      throw notFound();
    }
    if (first === 'sobjects') return second === undefined ? { body: listObjects() } : sobject(request, second, rest);
    if (method !== 'GET') throw notFound();
    if (first === 'query' || first === 'queryAll')
      return second === undefined ? query(request, 'data', first === 'queryAll') : { body: pages.next(second, false) };
    if (first === 'search') return { body: { searchRecords: searchRecords(records, request.query.get('q') ?? '', base) } };
    if (first !== 'limits') throw notFound();
    demandAccess(second === undefined ? 'limits' : 'recordCount');
    if (second === undefined) return { body: Object.fromEntries(options.limits) };
    const names = (request.query.get('sObjects') ?? '').split(',').filter((name) => records.objects.has(name));
    return { body: { sObjects: names.map((name) => ({ name, count: records.all(name).length + (options.recordCounts.get(name) ?? 0) })) } };
  }

  function listObjects(): object {
    const data = [...records.objects.values()].filter(({ apis }) => apis.includes('data'));
    return { encoding: 'UTF-8', maxBatchSize: 200, sobjects: data.map(summarizeObject) };
  }

  return { answer: answerRequest };
}
