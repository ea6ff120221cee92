import { truncate, type Context, type ToolBuilder } from '@busbar/core';
import { z } from 'zod';
import type { SalesforceClient } from '../client.ts';
import type { DescribeAnswer, Field } from '../schemas.ts';
import { objectName } from './record-inputs.ts';

// Metadata is large and changes rarely.
const cache = { ttlMs: 300_000 };
const maxPicklistValues = { summary: 30, full: 500 };
const maxRelations = 200;
const maxFormula = 500;

const search = z.string().trim().max(80).optional();
const Position = z.object({ offset: z.int().min(1) });
const cursor = z.string().optional().describe('nextCursor of an earlier answer to the same inputs: the next page. Absent: the first page');
const nextCursor = z.string().optional().describe('Pass it as cursor, with the same inputs, for the next page; absent on the last one');

const matches = (words: string | undefined, ...texts: (string | null | undefined)[]): boolean =>
  words === undefined || texts.some((text) => text?.toLowerCase().includes(words.toLowerCase()));

const ObjectSummary = z.object({
  name: z.string().describe('API name'),
  label: z.string().optional().describe('What people call it'),
  keyPrefix: z.string().optional().describe('First three characters of its records’ ids'),
  custom: z.boolean().optional().describe('Whether the org made it'),
  can: z.string().describe('What the connection’s user may do: query, search, create, update, delete'),
});

type Flags = Readonly<Partial<Record<'queryable' | 'searchable' | 'createable' | 'updateable' | 'deletable', boolean | null | undefined>>>;
type DescribedObject = Flags & {
  readonly name: string;
  readonly label?: string | null | undefined;
  readonly keyPrefix?: string | null | undefined;
  readonly custom?: boolean | null | undefined;
};

const presentObject = (object: DescribedObject): z.output<typeof ObjectSummary> => ({
  name: object.name,
  ...(object.label && { label: object.label }),
  ...(object.keyPrefix && { keyPrefix: object.keyPrefix }),
  ...(object.custom && { custom: true }),
  can:
    [
      object.queryable && 'query',
      object.searchable && 'search',
      object.createable && 'create',
      object.updateable && 'update',
      object.deletable && 'delete',
    ]
      .filter(Boolean)
      .join(', ') || 'nothing',
});

export const objectTools = (tool: ToolBuilder<SalesforceClient>) => [
  tool({
    name: 'salesforce_list_objects',
    description: 'Lists the objects of the Salesforce org, standard and custom, that the connection’s user can see, with their API names.',
    effect: 'read',
    cache,
    input: z.object({
      search: search.describe('Part of the name or label, at most 80 characters. Absent: all'),
      customOnly: z.boolean().default(false).describe('True: only those that the org made. Default: false'),
      limit: z.int().min(1).max(500).default(100).describe('Objects in a page, 1 to 500. Default: 100'),
      cursor,
    }),
    output: z.object({
      objects: z.array(ObjectSummary).describe('The page, by name'),
      total: z.int().describe('How many match in all'),
      nextCursor,
    }),
    run: async (input, client, context) => {
      const offset = input.cursor === undefined ? 0 : context.cursor.read(input.cursor, Position).offset;
      const { sobjects } = await client.listObjects(context);
      const found = sobjects
        .filter(({ name, label, custom }) => matches(input.search, name, label) && (!input.customOnly || custom === true))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      const end = offset + input.limit;
      return {
        objects: found.slice(offset, end).map(presentObject),
        total: found.length,
        ...(end < found.length && { nextCursor: context.cursor.write({ offset: end }) }),
      };
    },
  }),

  tool({
    name: 'salesforce_describe_object',
    description:
      'Shows an object’s fields in Salesforce: API names, types, which are required and writable, picklist values and what they refer to. Read it before you write records or queries of an object that you do not know.',
    effect: 'read',
    cache,
    input: z.object({
      object: objectName,
      search: search.describe('Part of a field’s name or label, at most 80 characters. Absent: all fields'),
      writableOnly: z.boolean().default(false).describe('True: only fields that can be written. Default: false'),
      detail: z
        .enum(['summary', 'full'])
        .default('summary')
        .describe(
          '"full": also lengths, defaults, help texts, formulas, all picklist values with their labels, record types and children. Default: summary',
        ),
      limit: z.int().min(1).max(200).default(60).describe('Fields in a page, 1 to 200. Default: 60'),
      cursor,
    }),
    output: ObjectSummary.extend({
      fields: z
        .array(
          z.object({
            name: z.string().describe('API name'),
            label: z.string().optional().describe('What people call it'),
            type: z.string().optional().describe('Type'),
            is: z
              .string()
              .optional()
              .describe('What holds: required, read-only, create-only, unique, external id, formula, not filterable'),
            refersTo: z.array(z.string()).optional().describe('Objects that a reference may name'),
            relationship: z.string().optional().describe('Name of the related record in queries, as in Owner.Name'),
            values: z.array(z.string()).optional().describe('Values of a picklist, as they are written and queried'),
            labels: z.record(z.string(), z.string()).optional().describe('What people see for values that have another name'),
            dependsOn: z.string().optional().describe('Field whose value decides which values are allowed'),
            length: z.int().optional().describe('Most characters'),
            default: z.string().optional().describe('Value if none is given'),
            formula: z.string().optional().describe('Its formula'),
            help: z.string().optional().describe('What the org says of it'),
          }),
        )
        .describe('The page'),
      totalFields: z.int().describe('How many fields match in all'),
      children: z
        .array(
          z.object({
            object: z.string().optional().describe('API name of the child'),
            field: z.string().optional().describe('Its field that names this object'),
            relationship: z.string().optional().describe('Name for a subquery'),
            cascade: z.boolean().optional().describe('Whether they are deleted with this record'),
          }),
        )
        .optional()
        .describe('Child relationships, 200 at most, with detail "full" on the first page'),
      recordTypes: z
        .array(
          z.object({
            id: z.string().describe('Value for RecordTypeId'),
            name: z.string().optional().describe('Name'),
            default: z.boolean().optional().describe('Whether new records get it'),
          }),
        )
        .optional()
        .describe('Record types that the user may give, 200 at most, with detail "full" on the first page'),
      nextCursor,
    }),
    run: async (input, client, context) => {
      const offset = input.cursor === undefined ? 0 : context.cursor.read(input.cursor, Position).offset;
      const described = await client.describeObject(input.object, context);
      const fields = described.fields.filter(
        (field) =>
          matches(input.search, field.name, field.label) && (!input.writableOnly || field.createable === true || field.updateable === true),
      );
      const end = offset + input.limit;
      const full = input.detail === 'full';
      return {
        ...presentObject(described),
        fields: fields.slice(offset, end).map((field) => presentField(field, full)),
        totalFields: fields.length,
        ...(full && offset === 0 && presentRelations(described, context)),
        ...(end < fields.length && { nextCursor: context.cursor.write({ offset: end }) }),
      };
    },
  }),
];

function presentRelations({ childRelationships, recordTypeInfos }: z.output<typeof DescribeAnswer>, { warn }: Context) {
  const children = (childRelationships ?? []).filter(({ relationshipName }) => relationshipName);
  const recordTypes = (recordTypeInfos ?? []).filter(({ master, active, available }) => !master && active !== false && available !== false);
  for (const [list, name] of [
    [children, 'child relationships'],
    [recordTypes, 'record types'],
  ] as const)
    if (list.length > maxRelations) warn(`Only ${maxRelations} of ${list.length} ${name} are shown.`);
  return {
    children: children.slice(0, maxRelations).map(({ childSObject, field, relationshipName, cascadeDelete }) => ({
      ...(childSObject && { object: childSObject }),
      ...(field && { field }),
      ...(relationshipName && { relationship: relationshipName }),
      ...(cascadeDelete && { cascade: true }),
    })),
    ...(recordTypes.length > 0 && {
      recordTypes: recordTypes
        .slice(0, maxRelations)
        .flatMap(({ recordTypeId, name, defaultRecordTypeMapping }) =>
          recordTypeId ? [{ id: recordTypeId, ...(name && { name }), ...(defaultRecordTypeMapping && { default: true }) }] : [],
        ),
    }),
  };
}

function presentField(field: Field, full: boolean) {
  const choices = (field.picklistValues ?? []).filter(({ active, value }) => active !== false && value);
  const active = choices.flatMap(({ value }) => value ?? []);
  const labels = choices.flatMap(({ value, label }) => (value && label && label !== value ? [[value, label] as const] : []));
  const most = maxPicklistValues[full ? 'full' : 'summary'];
  const values = active.length <= most ? active : [...active.slice(0, most - 1), `… ${active.length} in all`];
  const writable = field.createable === true || field.updateable === true;
  const is = [
    field.createable && field.nillable === false && field.defaultedOnCreate !== true && 'required',
    !writable && 'read-only',
    field.createable && field.updateable === false && 'create-only',
    field.unique && 'unique',
    field.externalId && 'external id',
    field.calculated && 'formula',
    field.filterable === false && 'not filterable',
    field.type === 'base64' && 'written in base64, and read by no tool',
  ].filter(Boolean);
  return {
    name: field.name,
    ...(field.label && { label: field.label }),
    ...(field.type && { type: field.type }),
    ...(is.length > 0 && { is: is.join(', ') }),
    ...(field.referenceTo && field.referenceTo.length > 0 && { refersTo: field.referenceTo }),
    ...(field.relationshipName && { relationship: field.relationshipName }),
    ...(values.length > 0 && { values }),
    ...(full && labels.length > 0 && { labels: Object.fromEntries(labels.slice(0, most)) }),
    ...(field.controllerName && { dependsOn: field.controllerName }),
    ...(full && field.length && { length: field.length }),
    ...(full && field.defaultValue !== undefined && field.defaultValue !== null && { default: String(field.defaultValue) }),
    ...(full && field.calculatedFormula && { formula: truncate(field.calculatedFormula, maxFormula) ?? '' }),
    ...(full && field.inlineHelpText && { help: field.inlineHelpText }),
  };
}
