import { fieldAt, fieldOf, referenceOf, relatedTo, valueAt } from './field-paths.ts';
import { relationshipOf, type OrgObject } from './org-objects.ts';
import type { OrgRecord, OrgRecords } from './org-records.ts';
import { malformed, refusal } from './refusal.ts';
import { comparison, compareValues } from './soql-compare.ts';
import type { Condition, Query, Selected } from './soql-parse.ts';

/** The settings of a query run. */
export interface RunOptions {
  readonly api: 'data' | 'tooling';
  readonly deleted: boolean;
  readonly now: number;
  /** Checks that the user may see an object. @throws {VendorError} */
  demandAccess(object: string): void;
  /** The path that a record's link starts with. */
  readonly base: string;
}

/** Runs a query over the records. Returns all rows, unpaged. `COUNT()` returns a total and no rows. @throws {VendorError} */
export function runSoql(
  records: OrgRecords,
  query: Query,
  options: RunOptions,
): { readonly rows: readonly object[]; readonly total: number; readonly grouped: boolean } {
  const object = objectOf(query.from);
  const test = query.where ? compile(query.where, object) : () => true;
  const grouped = query.groupBy.length > 0 || query.select.some(({ kind }) => kind === 'count');
  for (const item of query.select) if (item.field !== undefined) fieldAt(records, item.field, object);
  const found = records.all(object.name).filter((record) => (options.deleted || record['IsDeleted'] !== true) && test(record));
  const [only] = query.select;
  if (only?.kind === 'count' && only.field === undefined && query.select.length === 1) return { rows: [], total: found.length, grouped };

  const rows = grouped ? group(found) : found.map((record) => ({ record, count: 1 }));
  for (const { by, descending } of query.orderBy.toReversed()) {
    const valueOf = (row: { record: OrgRecord; count: number }) =>
      by.kind === 'count' ? row.count : valueAt(records, by.field, row.record, object);
    rows.sort((a, b) => compareValues(valueOf(a), valueOf(b)) * (descending ? -1 : 1));
  }
  const cut = rows.slice(query.offset, query.limit === undefined ? undefined : query.offset + query.limit);
  return { rows: cut.map((row) => (grouped ? aggregate(row) : select(row.record))), total: cut.length, grouped };

  function objectOf(name: string): OrgObject {
    const kind = [...records.objects.values()].find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (!kind?.apis.includes(options.api)) throw refusal(400, 'INVALID_TYPE', `sObject type '${name}' is not supported.`);
    options.demandAccess(kind.name);
    return kind;
  }

  function group(list: readonly OrgRecord[]) {
    const found = new Map<string, { record: OrgRecord; count: number }>();
    for (const record of list) {
      const key = JSON.stringify(query.groupBy.map((field) => valueAt(records, field, record, object)));
      const entry = found.get(key) ?? { record, count: 0 };
      entry.count += 1;
      found.set(key, entry);
    }
    return [...found.values()];
  }

  function aggregate({ record, count }: { record: OrgRecord; count: number }): object {
    const cells = query.select.map((item: Selected) => {
      if (item.kind === 'count') return [item.alias, count];
      if (!query.groupBy.includes(item.field)) throw malformed(`Field must be grouped or aggregated: ${item.field}`);
      return [item.field.split('.').at(-1), valueAt(records, item.field, record, object)];
    });
    return { attributes: { type: 'AggregateResult' }, ...Object.fromEntries(cells) };
  }

  function select(record: OrgRecord): object {
    const selected: Record<string, unknown> = { attributes: attributesOf(object.name, record) };
    for (const item of query.select) {
      if (item.field === undefined) continue;
      let target = selected;
      let kind = object;
      let from: OrgRecord | undefined = record;
      const path = item.field.split('.');
      for (const [index, step] of path.entries()) {
        const last = index === path.length - 1;
        const field = last ? fieldOf(kind, step) : referenceOf(kind, step);
        if (last) target[field.name] = from?.[field.name] ?? null;
        else {
          const [related] = relatedTo(records, field, from);
          const name = relationshipOf(field) ?? step;
          if (!related) {
            target[name] ??= null;
            break;
          }
          kind = related.kind;
          from = related.record;
          target = (target[name] ??= { attributes: attributesOf(kind.name, from) }) as Record<string, unknown>;
        }
      }
    }
    return selected;
  }

  function attributesOf(type: string, record: OrgRecord): object {
    return { type, url: `${options.base}/sobjects/${type}/${record.Id}` };
  }

  function compile(condition: Condition, kind: OrgObject): (record: OrgRecord) => boolean {
    switch (condition.kind) {
      case 'and':
      case 'or': {
        const parts = condition.parts.map((part) => compile(part, kind));
        return condition.kind === 'and' ? (record) => parts.every((part) => part(record)) : (record) => parts.some((part) => part(record));
      }
      case 'not': {
        const part = compile(condition.part, kind);
        return (record) => !part(record);
      }
      case 'in': {
        const field = fieldAt(records, condition.field, kind);
        if ('select' in condition.values) {
          const inner = runSoql(records, condition.values, options).rows as Record<string, unknown>[];
          const name = condition.values.select[0]?.field ?? '';
          const values = new Set(inner.map((row) => row[name]));
          return (record) => values.has(valueAt(records, condition.field, record, kind)) !== condition.not;
        }
        const tests = condition.values.map((value) => comparison(field, '=', value, options.now));
        return (record) => tests.some((test) => test(valueAt(records, condition.field, record, kind))) !== condition.not;
      }
      case 'compare': {
        const test = comparison(fieldAt(records, condition.field, kind), condition.operator, condition.value, options.now);
        return (record) => test(valueAt(records, condition.field, record, kind));
      }
    }
  }
}
