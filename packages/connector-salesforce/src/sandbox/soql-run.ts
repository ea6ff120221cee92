import { relationshipOf, type OrgField, type OrgObject } from './org-objects.ts';
import { timeOf, type OrgRecord, type OrgRecords } from './org-records.ts';
import { malformed, refusal } from './refusal.ts';
import type { Condition, Literal, Query, Selected } from './soql-parse.ts';

/** How a query is run. */
export interface RunOptions {
  readonly api: 'data' | 'tooling';
  readonly deleted: boolean;
  readonly now: number;
  /** Stops at objects that the user may not see. @throws {Refusal} */
  demandAccess(object: string): void;
  /** The start of a record's link. */
  readonly base: string;
}

const dayMs = 86_400_000;

/** Runs a query over the records. Gives all rows, unpaged; of `COUNT()` the number alone. @throws {Refusal} */
export function runSoql(
  records: OrgRecords,
  query: Query,
  options: RunOptions,
): { readonly rows: readonly object[]; readonly total: number; readonly grouped: boolean } {
  const object = objectOf(query.from);
  const test = query.where ? compiled(query.where, object) : () => true;
  const grouped = query.groupBy.length > 0 || query.select.some(({ kind }) => kind === 'count');
  for (const one of query.select) if (one.field !== undefined) resolve(one.field, object);
  const found = records.all(object.name).filter((record) => (options.deleted || record['IsDeleted'] !== true) && test(record));
  const [only] = query.select;
  if (only?.kind === 'count' && only.field === undefined && query.select.length === 1) return { rows: [], total: found.length, grouped };

  const rows = grouped ? groups(found) : found.map((record) => ({ record, count: 1 }));
  for (const { by, descending } of query.orderBy.toReversed()) {
    const valueOf = (row: { record: OrgRecord; count: number }) =>
      by.kind === 'count' ? row.count : valueAt(by.field, row.record, object);
    rows.sort((a, b) => compareValues(valueOf(a), valueOf(b)) * (descending ? -1 : 1));
  }
  const cut = rows.slice(query.offset, query.limit === undefined ? undefined : query.offset + query.limit);
  return { rows: cut.map((row) => (grouped ? aggregate(row) : view(row.record))), total: cut.length, grouped };

  function objectOf(name: string): OrgObject {
    const kind = [...records.objects.values()].find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!kind?.apis.includes(options.api)) throw refusal(400, 'INVALID_TYPE', `sObject type '${name}' is not supported.`);
    options.demandAccess(kind.name);
    return kind;
  }

  function groups(list: readonly OrgRecord[]) {
    const found = new Map<string, { record: OrgRecord; count: number }>();
    for (const record of list) {
      const key = JSON.stringify(query.groupBy.map((field) => valueAt(field, record, object)));
      const group = found.get(key) ?? { record, count: 0 };
      group.count += 1;
      found.set(key, group);
    }
    return [...found.values()];
  }

  function aggregate({ record, count }: { record: OrgRecord; count: number }): object {
    const cells = query.select.map((one: Selected) => {
      if (one.kind === 'count') return [one.alias, count];
      if (!query.groupBy.includes(one.field)) throw malformed(`Field must be grouped or aggregated: ${one.field}`);
      return [one.field.split('.').at(-1), valueAt(one.field, record, object)];
    });
    return { attributes: { type: 'AggregateResult' }, ...Object.fromEntries(cells) };
  }

  function view(record: OrgRecord): object {
    const shown: Record<string, unknown> = { attributes: attributesOf(object.name, record) };
    for (const one of query.select) {
      if (one.field === undefined) continue;
      let target = shown;
      let kind = object;
      let from: OrgRecord | undefined = record;
      const path = one.field.split('.');
      for (const [index, step] of path.entries()) {
        const last = index === path.length - 1;
        const field = last ? fieldOf(kind, step) : referenceOf(kind, step);
        if (last) target[field.name] = from?.[field.name] ?? null;
        else {
          const [related] = relatedTo(field, from);
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
    return shown;
  }

  function attributesOf(type: string, record: OrgRecord): object {
    return { type, url: `${options.base}/sobjects/${type}/${record.Id}` };
  }

  function relatedTo(field: OrgField, record: OrgRecord | undefined): { kind: OrgObject; record: OrgRecord }[] {
    return field.refersTo.flatMap((name) => {
      const kind = records.objects.get(name);
      const related = kind && records.get(name, record?.[field.name]);
      return related ? [{ kind, record: related }] : [];
    });
  }

  function valueAt(path: string, record: OrgRecord, kind: OrgObject): unknown {
    const [step = '', ...rest] = path.split('.');
    if (rest.length === 0) return record[fieldOf(kind, step).name] ?? null;
    const [related] = relatedTo(referenceOf(kind, step), record);
    return related ? valueAt(rest.join('.'), related.record, related.kind) : null;
  }

  /** The field that a path ends at. @throws {Refusal} INVALID_FIELD */
  function resolve(path: string, kind: OrgObject): OrgField {
    const [step = '', ...rest] = path.split('.');
    if (rest.length === 0) return fieldOf(kind, step);
    const next = records.objects.get(referenceOf(kind, step).refersTo[0] ?? '');
    if (!next) throw noField(kind, step);
    return resolve(rest.join('.'), next);
  }

  function compiled(condition: Condition, kind: OrgObject): (record: OrgRecord) => boolean {
    switch (condition.kind) {
      case 'and':
      case 'or': {
        const parts = condition.parts.map((part) => compiled(part, kind));
        return condition.kind === 'and' ? (record) => parts.every((part) => part(record)) : (record) => parts.some((part) => part(record));
      }
      case 'not': {
        const part = compiled(condition.part, kind);
        return (record) => !part(record);
      }
      case 'in': {
        const field = resolve(condition.field, kind);
        if ('select' in condition.values) {
          const inner = runSoql(records, condition.values, options).rows as Record<string, unknown>[];
          const name = condition.values.select[0]?.field ?? '';
          const values = new Set(inner.map((row) => row[name]));
          return (record) => values.has(valueAt(condition.field, record, kind)) !== condition.not;
        }
        const tests = condition.values.map((value) => comparison(field, '=', value));
        return (record) => tests.some((test) => test(valueAt(condition.field, record, kind))) !== condition.not;
      }
      case 'compare': {
        const test = comparison(resolve(condition.field, kind), condition.operator, condition.value);
        return (record) => test(valueAt(condition.field, record, kind));
      }
    }
  }

  function comparison(field: OrgField, operator: string, literal: Literal): (value: unknown) => boolean {
    demandType(field, literal);
    if (literal.kind === 'null') return (value) => (value === null) === (operator === '=');
    if (literal.kind === 'range' || literal.kind === 'date') {
      const [from, to] = spanOf(literal, options.now);
      const within = (value: unknown): boolean => timeOf(value) >= from && timeOf(value) < to;
      const tests: Record<string, (value: unknown) => boolean> = {
        '=': within,
        '!=': (value) => !within(value),
        '<': (value) => timeOf(value) < from,
        '<=': (value) => timeOf(value) < to,
        '>': (value) => timeOf(value) >= to,
        '>=': (value) => timeOf(value) >= from,
      };
      return (value) => value !== null && (tests[operator]?.(value) ?? false);
    }
    const wanted = literal.value;
    if (operator === 'LIKE') {
      const pattern = new RegExp(`^${likePattern(String(wanted))}$`, 'is');
      return (value) => value !== null && pattern.test(String(value));
    }
    const order = (value: unknown) => compareValues(value, wanted);
    const tests: Record<string, (value: unknown) => boolean> = {
      '=': (value) => value !== null && order(value) === 0,
      '!=': (value) => value === null || order(value) !== 0,
      '<': (value) => value !== null && order(value) < 0,
      '<=': (value) => value !== null && order(value) <= 0,
      '>': (value) => value !== null && order(value) > 0,
      '>=': (value) => value !== null && order(value) >= 0,
    };
    return tests[operator] ?? (() => false);
  }
}

function fieldOf(object: OrgObject, name: string): OrgField {
  const field = [...object.fields.values()].find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (!field) throw noField(object, name);
  return field;
}

function referenceOf(object: OrgObject, step: string): OrgField {
  const field = [...object.fields.values()].find((one) => relationshipOf(one)?.toLowerCase() === step.toLowerCase());
  if (!field)
    throw refusal(
      400,
      'INVALID_FIELD',
      `Didn't understand relationship '${step}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name.`,
    );
  return field;
}

const noField = (object: OrgObject, name: string) =>
  refusal(
    400,
    'INVALID_FIELD',
    `No such column '${name}' on entity '${object.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name.`,
  );

/** A text where no text belongs is what a wrong quotation looks like. */
function demandType({ name, type }: OrgField, literal: Literal): void {
  const isTime = type === 'datetime' || type === 'date';
  const isNumber = ['int', 'double', 'currency'].includes(type);
  const fits: Record<Literal['kind'], boolean> = {
    null: true,
    text: !isTime && !isNumber && type !== 'boolean',
    number: isNumber,
    boolean: type === 'boolean',
    date: isTime,
    range: isTime,
  };
  if (!fits[literal.kind]) {
    const quotes = literal.kind === 'text' ? 'should not be enclosed in quotes' : 'should be enclosed in quotes';
    throw refusal(400, 'INVALID_FIELD', `value of filter criterion for field '${name}' must be of type ${type} and ${quotes}`);
  }
}

/** From when to when a date is meant, the end excluded. */
function spanOf(literal: Literal & { kind: 'range' | 'date' }, now: number): [from: number, to: number] {
  if (literal.kind === 'date') {
    const from = timeOf(literal.value);
    return [from, from + (literal.value.includes('T') ? 1 : dayMs)];
  }
  const today = now - (now % dayMs);
  if (literal.name.startsWith('NEXT')) return [today + dayMs, today + (literal.days + 1) * dayMs];
  return [today - literal.days * dayMs, today + dayMs];
}

const likePattern = (text: string): string =>
  text.replaceAll(
    /\\([_%])|([_%])|[.*+?^${}()|[\]\\/]/g,
    (char, escaped?: string, wild?: string) => escaped ?? (wild === '%' ? '.*' : wild === '_' ? '.' : `\\${char}`),
  );

/** Texts compare without case, as in Salesforce; nulls come first. */
function compareValues(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  const [left, right] = typeof a === 'number' && typeof b === 'number' ? [a, b] : [String(a).toLowerCase(), String(b).toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}
