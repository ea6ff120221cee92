import { isObject, type Json, type Schema } from './json.ts';
import type { Random } from './random.ts';

const maxDepth = 6;

/** Texts that formats and patterns of the tools accept. */
const words = [
  'a',
  'ada@example.com',
  'Ada <ada@example.com>',
  '2026-03-01',
  '2026-03-01T00:00:00Z',
  'd-1f0a6c3b2e4d4f5a8b7c9d0e1f2a3b4c',
  'Account',
  'Name',
  'Erp_Id__c',
  '001000000000001AAA',
  'SELECT Id FROM Account WHERE Name = :a',
  'https://example.com/a?b=c#d',
  'me',
  '1',
];

const byFormat: Readonly<Record<string, string>> = {
  email: 'ada@example.com',
  date: '2026-03-01',
  'date-time': '2026-03-01T00:00:00Z',
  uri: 'https://example.com/',
};

/** Makes a value that nearly fits a schema: with all required and some other properties, and few items. */
export function exampleOf(schema: Schema, random: Random, depth = 0): Json {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum && schema.enum.length > 0) return random.pick(schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices && choices.length > 0) return exampleOf(random.pick(choices), random, depth);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => exampleOf(part, random, depth))) as Json;
  const type = typeof schema.type === 'string' ? schema.type : schema.type ? random.pick(schema.type) : undefined;
  if (type === 'object' || schema.properties) return exampleObject(schema, random, depth);
  if (type === 'array') {
    const length = Math.max(schema.minItems ?? 0, depth < maxDepth ? 1 + random.below(2) : 0);
    return Array.from({ length }, () => exampleOf(schema.items ?? {}, random, depth + 1));
  }
  if (type === 'boolean') return random.chance(0.5);
  if (type === 'integer' || type === 'number') {
    const { minimum = 1, maximum = 1_000 } = schema;
    return random.pick([minimum, Math.min(maximum, minimum + 1), maximum]);
  }
  if (type === 'null') return null;
  if (type === 'string') return exampleText(schema, random);
  return random.pick<Json>(['a', 1, true, null, ['a'], { a: 'b' }]);
}

function exampleObject(schema: Schema, random: Random, depth: number): Json {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  const names = Object.keys(properties).filter((name) => required.includes(name) || (depth < maxDepth && random.chance(0.3)));
  const value: Record<string, Json> = {};
  for (const name of names) value[name] = exampleOf(properties[name] ?? {}, random, depth + 1);
  if (typeof others === 'object' && depth < maxDepth)
    for (const name of ['a', 'Name', 'Email__c'].slice(0, random.below(4))) value[name] = exampleOf(others, random, depth + 1);
  return value;
}

function exampleText({ format, minLength = 0, maxLength }: Schema, random: Random): string {
  const known = format === undefined ? undefined : byFormat[format];
  const text = (known !== undefined && random.chance(0.8) ? known : random.pick(words)).padEnd(minLength, 'a');
  return maxLength === undefined ? text : text.slice(0, maxLength);
}

/**
 * Makes one of the largest values that nearly fit a schema: with all properties, with texts of repeated `unit` as long as the schema
 * allows, and with as many items. Takes up about `budget` bytes at most.
 */
export function largestOf(schema: Schema, unit: string, budget: number, random: Random, depth = 0): Json {
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (schema.const !== undefined || schema.enum || depth > maxDepth) return exampleOf(schema, random, maxDepth);
  if (choices && choices.length > 0) return largestOf(random.pick(choices), unit, budget, random, depth);
  const { properties = {}, additionalProperties: others, items = {} } = schema;
  if (schema.type === 'object' || schema.properties) {
    const names = Object.keys(properties);
    const more = typeof others === 'object' ? Math.min(schema.maxProperties ?? 1_000, 1 + Math.floor(budget / 200)) : 0;
    const share = budget / (names.length + Math.min(more, 1) + 1);
    const own = names.map((name) => [name, largestOf(properties[name] ?? {}, unit, share, random, depth + 1)] as const);
    const inner = typeof others === 'object' ? largestOf(others, unit, share / more, random, depth + 1) : null;
    return Object.fromEntries([...own, ...Array.from({ length: more }, (_, index) => [`k${index}`, inner] as const)]);
  }
  if (schema.type === 'array') {
    const { maxItems = 1_000, minItems = 0 } = schema;
    const length = Math.max(minItems, Math.min(maxItems, random.size(1 + budget / 3)));
    const item = largestOf(items, unit, Math.floor(budget / length), random, depth + 1);
    return Array.from({ length }, () => item);
  }
  if (schema.type !== 'string') return exampleOf(schema, random, depth);
  if (schema.format !== undefined && random.chance(0.7)) return exampleOf(schema, random, depth);
  const most = Math.max(schema.minLength ?? 0, Math.min(schema.maxLength ?? Infinity, budget));
  return unit.repeat(Math.ceil(most / unit.length)).slice(0, most);
}

/** The schema of a part of a value, as far as it is known. */
export function schemaOf(schema: Schema | undefined, value: Json | undefined, name: string | number): Schema | undefined {
  if (!schema) return undefined;
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices) {
    const fitting = choices.map((choice) => schemaOf(choice, value, name)).filter((found) => found !== undefined);
    return fitting.length > 1 ? { anyOf: fitting } : fitting[0];
  }
  if (Array.isArray(value)) return schema.items;
  if (!isObject(value)) return undefined;
  const own = schema.properties && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;
  return own ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
}
