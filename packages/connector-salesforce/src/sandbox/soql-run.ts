import { fieldAt, fieldOf, valueAt } from './field-paths.ts';
import { childrenOf, type OrgField, type OrgObject } from './org-objects.ts';
import type { OrgRecord, OrgRecords } from './org-records.ts';
import { malformed, refusal } from './refusal.ts';
import { comparison, compareValues } from './soql-compare.ts';
import { comparedField, groupRecords, groupRow, isGrouped, valueInGroup, type Group } from './soql-group.ts';
import { aggregateText, type Condition, type Order, type Query } from './soql-query.ts';
import { viewRecord } from './view-record.ts';

/** The settings of a query run. */
export interface RunOptions {
  readonly api: 'data' | 'tooling';
  readonly deleted: boolean;
  readonly now: number;
  /** Checks that the user may see an object. @throws {VendorError} */
  demandAccess(object: string): void;
  /** The path that a record's link starts with. */
  readonly base: string;
  /** Writes the rows of a subquery as a result with pages of its own. */
  pageOf(rows: readonly object[], object: string): object;
}

/** The rows of a query, unpaged. */
export interface RunResult {
  readonly rows: readonly object[];
  /** `COUNT()` returns a total and no rows. */
  readonly total: number;
  readonly grouped: boolean;
}

/** FIELDS(ALL) and FIELDS(CUSTOM) select a number of fields that is not known beforehand. */
const mostRowsWithFields = 200;

/** Runs a query over the records. @throws {VendorError} */
export function runSoql(records: OrgRecords, query: Query, options: RunOptions): RunResult {
  const object = objectOf(records, query.from, options);
  const fields = selectedFields(records, query, object);
  const found = findRecords(records, query, object, options);
  const grouped = isGrouped(query);
  if (grouped) return { ...runGrouped(records, query, object, found, options), grouped };

  const valueOf = (record: OrgRecord, { by }: Order): unknown => valueAt(records, by.field ?? '', record, object);
  const cut = sortAndCut(found, query, valueOf);
  const children = query.select.flatMap((item) => (item.kind === 'children' ? [childReader(records, item.query, object, options)] : []));
  const rows = cut.map((record) => ({
    ...viewRecord(records, record, object, fields, options.base),
    ...Object.fromEntries(children.map((read) => read(record.Id))),
  }));
  return { rows, total: rows.length, grouped };
}

type ChildReader = (parent: string) => [name: string, result: object | null];

/** Returns a function that runs a subquery for one parent. @throws {VendorError} for a wrong subquery, even without parents. */
function childReader(records: OrgRecords, query: Query, parent: OrgObject, options: RunOptions): ChildReader {
  const wanted = query.from.split('.').at(-1)?.toLowerCase();
  const relation = childrenOf(records.objects, parent).find(({ name }) => name?.toLowerCase() === wanted);
  if (!relation?.name)
    throw refusal(
      400,
      'INVALID_TYPE',
      `Didn't understand relationship '${query.from}' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
    );
  if (isGrouped(query)) throw malformed('only root queries support aggregate expressions');
  const { child, field, name } = relation;
  const childrenOfId = (id: string): readonly object[] => {
    const isChild = { kind: 'compare', field: field.name, operator: '=', value: { kind: 'text', value: id } } as const;
    const where: Condition = query.where ? { kind: 'and', parts: [isChild, query.where] } : isChild;
    return runSoql(records, { ...query, from: child.name, where }, options).rows;
  };
  childrenOfId('');
  return (id) => {
    const rows = childrenOfId(id);
    return [name, rows.length === 0 ? null : options.pageOf(rows, child.name)];
  };
}

function objectOf(records: OrgRecords, name: string, { api, demandAccess }: RunOptions): OrgObject {
  const kind = [...records.objects.values()].find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (!kind?.apis.includes(api)) throw refusal(400, 'INVALID_TYPE', `sObject type '${name}' is not supported.`);
  demandAccess(kind.name);
  return kind;
}

/** Returns the paths of the selected fields. @throws {VendorError} for fields that do not exist or are selected twice. */
function selectedFields(records: OrgRecords, query: Query, object: OrgObject): string[] {
  const paths = query.select.flatMap((item) => {
    if (item.kind === 'aggregate' && item.field !== undefined) fieldAt(records, item.field, object);
    if (item.kind === 'fields') return fieldsOf(item.which, query, object);
    if (item.kind !== 'field') return [];
    fieldAt(records, item.field, object);
    if (item.alias !== undefined && !isGrouped(query)) throw malformed('only aggregate expressions use field aliasing');
    return [item.field];
  });
  const seen = new Set<string>();
  for (const path of paths) {
    const key = path.toLowerCase();
    if (seen.has(key)) throw refusal(400, 'INVALID_FIELD', `duplicate field selected: ${path}`);
    seen.add(key);
  }
  return paths;
}

function fieldsOf(which: string, { limit }: Query, object: OrgObject): string[] {
  if (!['ALL', 'STANDARD', 'CUSTOM'].includes(which)) throw malformed(`unexpected token: '${which}'`);
  if (which !== 'STANDARD' && (limit === undefined || limit > mostRowsWithFields))
    throw malformed(`The SOQL FIELDS function must have a LIMIT of at most ${mostRowsWithFields}`);
  return [...object.fields.keys()].filter((name) => which === 'ALL' || name.endsWith('__c') === (which === 'CUSTOM'));
}

function findRecords(records: OrgRecords, { where }: Query, object: OrgObject, options: RunOptions): OrgRecord[] {
  const test = where
    ? compile<OrgRecord>(where, {
        fieldOf: (path) => fieldAt(records, path, object),
        valueOf: (path, record) => valueAt(records, path, record, object),
        innerValues: (inner) => innerValues(records, inner, options),
        now: options.now,
      })
    : () => true;
  return records.all(object.name).filter((record) => (options.deleted || record['IsDeleted'] !== true) && test(record));
}

/** Returns the values that `IN (SELECT …)` compares with. */
function innerValues(records: OrgRecords, query: Query, options: RunOptions): ReadonlySet<unknown> {
  const object = objectOf(records, query.from, options);
  const [item] = query.select;
  if (item?.kind !== 'field' || query.select.length !== 1) throw malformed('The inner select must select exactly one field');
  fieldOf(object, item.field);
  return new Set(findRecords(records, query, object, options).map((record) => valueAt(records, item.field, record, object)));
}

function runGrouped(
  records: OrgRecords,
  query: Query,
  object: OrgObject,
  found: readonly OrgRecord[],
  { now }: RunOptions,
): Pick<RunResult, 'rows' | 'total'> {
  const [only] = query.select;
  if (only?.kind === 'aggregate' && only.field === undefined && query.select.length === 1 && query.groupBy.length === 0)
    return { rows: [], total: Math.min(found.length, query.limit ?? found.length) };
  const valueOf = (text: string, group: Group): unknown => valueInGroup(records, text, group, query, object);
  const having = query.having
    ? compile<Group>(query.having, {
        fieldOf: (text) => comparedField(records, text, object),
        valueOf,
        innerValues: () => {
          throw malformed('a subquery is not allowed after HAVING');
        },
        now,
      })
    : () => true;
  for (const { by } of query.orderBy) comparedField(records, by.kind === 'field' ? by.field : aggregateText(by), object);
  const groups = groupRecords(records, found, query, object).filter(having);
  const cut = sortAndCut(groups, query, (group, { by }) => valueOf(by.kind === 'field' ? by.field : aggregateText(by), group));
  return { rows: cut.map((group) => groupRow(records, group, query, object)), total: cut.length };
}

function sortAndCut<T>(rows: readonly T[], { orderBy, offset, limit }: Query, valueOf: (row: T, order: Order) => unknown): T[] {
  const sorted = [...rows];
  for (const order of orderBy.toReversed())
    sorted.sort((a, b) => {
      const [left, right] = [valueOf(a, order), valueOf(b, order)];
      // Nulls come first in both directions, unless the query says otherwise.
      if ((left === null) !== (right === null)) return (left === null) === order.nullsLast ? 1 : -1;
      return compareValues(left, right) * (order.descending ? -1 : 1);
    });
  return sorted.slice(offset, limit === undefined ? undefined : offset + limit);
}

/** How a condition reads the rows that it tests. */
interface Readers<Row> {
  fieldOf(text: string): OrgField;
  valueOf(text: string, row: Row): unknown;
  innerValues(query: Query): ReadonlySet<unknown>;
  readonly now: number;
}

function compile<Row>(condition: Condition, readers: Readers<Row>): (row: Row) => boolean {
  const { fieldOf: field, valueOf, innerValues: valuesOf, now } = readers;
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const parts = condition.parts.map((part) => compile(part, readers));
      return condition.kind === 'and' ? (row) => parts.every((part) => part(row)) : (row) => parts.some((part) => part(row));
    }
    case 'not': {
      const part = compile(condition.part, readers);
      return (row) => !part(row);
    }
    case 'in': {
      const compared = field(condition.field);
      if ('select' in condition.values) {
        const values = valuesOf(condition.values);
        return (row) => values.has(valueOf(condition.field, row)) !== condition.not;
      }
      const tests = condition.values.map((value) => comparison(compared, '=', value, now));
      return (row) => tests.some((test) => test(valueOf(condition.field, row))) !== condition.not;
    }
    case 'compare': {
      const test = comparison(field(condition.field), condition.operator, condition.value, now);
      return (row) => test(valueOf(condition.field, row));
    }
  }
}
