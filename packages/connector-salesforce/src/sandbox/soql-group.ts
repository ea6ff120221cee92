import { fieldAt, valueAt } from './field-paths.ts';
import type { OrgField, OrgObject } from './org-objects.ts';
import type { OrgRecord, OrgRecords } from './org-records.ts';
import { malformed } from './refusal.ts';
import { compareValues } from './soql-compare.ts';
import { aggregateFunctions, aggregateText, type Aggregate, type Query } from './soql-query.ts';

/** Records that have the same values in the fields of GROUP BY. */
export type Group = readonly OrgRecord[];

/** The functions that each type of field has. The other types have all except SUM and AVG. */
const functionsOf: Readonly<Record<string, RegExp>> = {
  int: /./,
  double: /./,
  currency: /./,
  boolean: /^$/,
  textarea: /^$/,
};

/** Whether a query returns groups and not records. */
export const isGrouped = ({ select, groupBy }: Query): boolean => groupBy.length > 0 || select.some(({ kind }) => kind === 'aggregate');

/** Groups records. Without GROUP BY, all records are one group, even if there are none. */
export function groupRecords(records: OrgRecords, found: readonly OrgRecord[], { groupBy }: Query, object: OrgObject): Group[] {
  if (groupBy.length === 0) return [found];
  const keyOf = (record: OrgRecord): string => JSON.stringify(groupBy.map((field) => valueAt(records, field, record, object)));
  return [...Map.groupBy(found, keyOf).values()];
}

/** Returns the value of a grouped field, or of an aggregate by its text, such as `SUM(Amount)`. @throws {VendorError} */
export function valueInGroup(records: OrgRecords, text: string, group: Group, { groupBy }: Query, object: OrgObject): unknown {
  const [, name, field] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  const aggregate = aggregateFunctions.find((candidate) => candidate === name);
  if (aggregate) return aggregateOf(records, { name: aggregate, field: field || undefined }, group, object);
  fieldAt(records, text, object);
  if (!groupBy.some((grouped) => grouped.toLowerCase() === text.toLowerCase()))
    throw malformed(`Field must be grouped or aggregated: ${text}`);
  const [record] = group;
  return record ? valueAt(records, text, record, object) : null;
}

/** Returns one row of a grouped query. Aggregates without an alias are called `expr0`, `expr1` and so on. @throws {VendorError} */
export function groupRow(records: OrgRecords, group: Group, query: Query, object: OrgObject): object {
  let unnamed = 0;
  const row: Record<string, unknown> = { attributes: { type: 'AggregateResult' } };
  for (const item of query.select) {
    if (item.kind !== 'field' && item.kind !== 'aggregate') throw malformed('FIELDS and subqueries are not allowed in an aggregate query');
    if (item.kind === 'aggregate' && item.field === undefined) throw malformed('COUNT() must be the only element in the select list');
    const text = item.kind === 'field' ? item.field : aggregateText(item);
    const name = item.alias ?? (item.kind === 'field' ? fieldAt(records, item.field, object).name : `expr${unnamed++}`);
    if (name in row) throw malformed(`duplicate alias: ${name}`);
    row[name] = valueInGroup(records, text, group, query, object);
  }
  return row;
}

/** Returns the field that a condition compares: a grouped field, or a number for an aggregate that counts or adds. */
export function comparedField(records: OrgRecords, text: string, object: OrgObject): OrgField {
  const [, name = '', field = ''] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  const found = fieldAt(records, name === '' ? text : field || 'Id', object);
  return name === '' || name === 'MIN' || name === 'MAX' ? found : { ...found, type: 'double' };
}

function aggregateOf(records: OrgRecords, { name, field }: Pick<Aggregate, 'name' | 'field'>, group: Group, object: OrgObject): unknown {
  if (field === undefined) return group.length;
  const { type, name: fieldName } = fieldAt(records, field, object);
  if (!(functionsOf[type] ?? /^(?!SUM|AVG)/).test(name)) throw malformed(`field ${fieldName} does not support aggregate operator ${name}`);
  const values = group.map((record) => valueAt(records, field, record, object)).filter((value) => value !== null);
  const numbers = values.map(Number);
  const sum = (): number => numbers.reduce((total, value) => total + value, 0);
  switch (name) {
    case 'COUNT':
      return values.length;
    case 'COUNT_DISTINCT':
      return new Set(values).size;
    case 'SUM':
      return values.length === 0 ? null : sum();
    case 'AVG':
      return values.length === 0 ? null : sum() / values.length;
    case 'MIN':
    case 'MAX':
      return values.toSorted(compareValues).at(name === 'MIN' ? 0 : -1) ?? null;
  }
}
