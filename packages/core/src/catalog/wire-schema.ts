import { alternatives, enumerated, type Converted } from './alternatives.ts';
import type { Report } from './inline-schema.ts';
import {
  described,
  hasExample,
  isBound,
  isDescribed,
  isSchema,
  isShownPattern,
  portableFormats,
  type RawSchema,
} from './describe-schema.ts';

/** A JSON Schema of an object, in the form that model vendors accept. */
export interface ObjectSchema {
  readonly type: 'object';
  readonly [keyword: string]: unknown;
}

const maxDepth = 5;
const maxProperties = 100;

interface Walk {
  readonly io: 'input' | 'output';
  readonly report: Report;
  /** The number of properties so far, at all depths. */
  properties: number;
}

/** Returns the wire form of a schema without references. Reports parts that vendors refuse in any form. */
export function wireSchema(raw: RawSchema, io: 'input' | 'output', report: Report): ObjectSchema {
  const walk: Walk = { io, report, properties: 0 };
  const combinator = ['anyOf', 'oneOf', 'enum', 'const', 'not'].find((keyword) => keyword in raw);
  if (combinator !== undefined) {
    walk.report(
      '',
      `has ${combinator} at its root. List all properties in one object, say in their descriptions which go together, and let the validator check the rest.`,
    );
  } else if (raw['type'] !== 'object' || !isSchema(raw['properties'])) {
    walk.report('', 'is not an object with properties.');
  }
  // The tool has its own description.
  const { description: _, ...schema } = object({ ...raw, properties: raw['properties'] ?? {} }, '', 1, walk);
  if (walk.properties > maxProperties) {
    walk.report(
      '',
      `has ${walk.properties} properties in all; the limit is ${maxProperties}. Split the tool, or make the rare ones a free-form map.`,
    );
  }
  return { ...schema, type: 'object' };
}

function convert(raw: RawSchema, path: string, depth: number, walk: Walk): Converted {
  const { type = typeOf(raw) } = raw;
  const values = 'const' in raw ? [raw['const']] : raw['enum'];
  if (Array.isArray(values)) return alternatives(raw, enumerated(values));
  const branches = raw['anyOf'] ?? raw['oneOf'];
  // Alternatives beside properties say which properties go together. Only the validator checks that.
  if (Array.isArray(branches) && !isSchema(raw['properties'])) {
    return alternatives(
      raw,
      branches.map((branch: RawSchema) => convert({ ...(raw['type'] !== undefined && { type }), ...branch }, path, depth, walk)),
    );
  }
  if (Array.isArray(type)) {
    const { description: _, default: __, ...rest } = raw;
    return alternatives(
      raw,
      type.map((single: unknown) => convert({ ...rest, type: single }, path, depth, walk)),
    );
  }
  if (type === 'object') return object(raw, path, depth + 1, walk);
  if (type === 'array') return array(raw, path, depth, walk);
  if (type === 'string') {
    const format = portableFormats.has(String(raw['format'])) && { format: raw['format'] };
    return {
      type,
      ...described(raw),
      ...bounds(raw, 'minLength', 'maxLength'),
      ...(isShownPattern(raw) && { pattern: raw['pattern'] }),
      ...format,
    };
  }
  if (type === 'integer' || type === 'number') {
    const number = type === 'integer' ? wholeBounds(raw) : raw;
    return { type, ...described(number), ...bounds(number, 'minimum', 'maximum') };
  }
  if (type === 'boolean' || type === 'null') return { type, ...described(raw) };
  return 'not' in raw ? 'never' : anything(raw, walk.io);
}

function typeOf(raw: RawSchema): string | undefined {
  if ('properties' in raw || 'additionalProperties' in raw) return 'object';
  if ('items' in raw || 'prefixItems' in raw) return 'array';
  if ('pattern' in raw || 'format' in raw || 'maxLength' in raw || 'minLength' in raw) return 'string';
  return 'minimum' in raw || 'maximum' in raw ? 'number' : undefined;
}

function object(raw: RawSchema, path: string, depth: number, walk: Walk): Readonly<Record<string, unknown>> {
  const { properties: parts, additionalProperties: others, required } = raw;
  if (!isSchema(parts)) return map(raw, path, walk);
  if (depth > maxDepth)
    walk.report(path, `is an object ${depth} levels deep; the limit is ${maxDepth}. Flatten it, or make it a free-form map.`);
  const properties: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts)) {
    const at = path ? `${path}.${name}` : name;
    const property = convert(part as RawSchema, at, depth, walk);
    if (property === 'never') continue;
    if (!/^[a-zA-Z0-9_.-]{1,64}$/.test(name))
      walk.report(at, 'has a name that is not accepted: at most 64 letters, digits, “_”, “.” and “-”.');
    if (walk.io === 'input' && !isDescribed(part as RawSchema))
      walk.report(at, 'has no description. Add .describe("…"), and say what happens without it if it is optional.');
    walk.properties += 1;
    // MCP's own keyword: a client also sends the argument in a header, so that proxies can route the call.
    const header = walk.io === 'input' ? (part as RawSchema)['x-mcp-header'] : undefined;
    properties[name] = typeof header === 'string' ? { ...property, 'x-mcp-header': header } : property;
  }
  const needed = Array.isArray(required) ? [...new Set(required)].filter((name) => Object.hasOwn(properties, String(name))) : [];
  const isOpen = others === true || isSchema(others);
  return {
    type: 'object',
    ...described(raw),
    properties,
    ...(needed.length > 0 && { required: needed }),
    // An output is never closed, so that it may gain a field without breaking a client that knows the old schema.
    ...((isOpen || walk.io === 'input') && { additionalProperties: isOpen }),
  };
}

// The wire form has no keywords for the keys and values of a map, so the description states them.
function map(raw: RawSchema, path: string, walk: Walk): Readonly<Record<string, unknown>> {
  const { propertyNames, additionalProperties: values } = raw;
  const keys = isSchema(propertyNames) && Array.isArray(propertyNames['enum']) ? [`keys: ${propertyNames['enum'].join(', ')}`] : [];
  const type = isSchema(values) && typeof values['type'] === 'string' ? [`each value: ${values['type']}`] : [];
  const description = described(raw, [...keys, ...type]);
  if (walk.io === 'input' && isDescribed(raw) && !hasExample.test(description.description ?? '')) {
    walk.report(path, 'is a free-form map without an example. Put one into its description: for example {"color": "red"}.');
  }
  return { type: 'object', ...description, additionalProperties: true };
}

function array(raw: RawSchema, path: string, depth: number, walk: Walk): Converted {
  const { prefixItems, items } = raw;
  const each = (schema: unknown): Converted => {
    const item = isSchema(schema) ? convert(schema, `${path}[]`, depth, walk) : 'never';
    return item === 'never' ? anything({}, walk.io) : item;
  };
  const rest = bounds(raw, 'minItems', 'maxItems');
  if (!Array.isArray(prefixItems)) return { type: 'array', ...described(raw), items: each(items), ...rest };
  // A tuple. The wire form has one schema for all items, so the description states their order.
  const order = prefixItems.map((item: RawSchema) => String(item['type'] ?? 'any')).join(', ');
  const kinds = alternatives({}, [...prefixItems, ...(isSchema(items) ? [items] : [])].map(each));
  return { type: 'array', ...described(raw, [`in this order: ${order}`]), items: kinds, ...rest };
}

/** Returns a schema for any JSON value. Vendors want the types of an input. An output must accept every value. */
function anything(raw: RawSchema, io: 'input' | 'output'): Readonly<Record<string, unknown>> {
  if (io === 'output') return { description: described(raw).description ?? 'Any JSON value.' };
  const scalars = [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }];
  return {
    anyOf: [...scalars, { type: 'object', additionalProperties: true }, { type: 'array', items: { anyOf: scalars } }, { type: 'null' }],
    ...described(raw, raw['description'] === undefined ? [] : ['any JSON value']),
  };
}

function bounds(raw: RawSchema, ...keywords: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keywords.filter((keyword) => isBound(raw[keyword])).map((keyword) => [keyword, raw[keyword]]));
}

// For whole numbers, “more than 0” means “at least 1”, for which every vendor has a keyword.
function wholeBounds({ exclusiveMinimum: above, exclusiveMaximum: below, ...raw }: RawSchema): RawSchema {
  return { ...raw, ...(isBound(above) && { minimum: Math.floor(above) + 1 }), ...(isBound(below) && { maximum: Math.ceil(below) - 1 }) };
}
