import { findInexactNumber } from '../lib/inexact-number.ts';
import { findJsonExcess, messageBounds } from '../lib/json-bounds.ts';
import type { RawSchema } from './describe-schema.ts';
import { acceptsAnything, PartReader, typesOf, type Schemas } from './part-reader.ts';

type Arguments = Readonly<Record<string, unknown>>;

// Some clients send a number, a boolean, a list or an object as its JSON text, even if the model wrote the value. A refusal would not help
// it.

/**
 * Replaces the JSON texts of values by the values, at any depth, where the input takes such a value and no text. Returns the same object if
 * there are none, or if the arguments would then hold more than a message may.
 *
 * @param schema The JSON Schema of the input.
 */
export function readJsonTexts(schema: RawSchema, args: Arguments): Arguments {
  const parts = new PartReader(schema);
  const values = read(args, parts.whole, parts) as Arguments;
  return values === args || hasExcess(JSON.stringify(values)) ? args : values;
}

const hasExcess = (json: string): boolean => findJsonExcess(new TextEncoder().encode(json), messageBounds) !== undefined;

function read(value: unknown, schemas: Schemas, parts: PartReader): unknown {
  if (schemas.length === 0) return value;
  if (typeof value === 'string') {
    const meant = schemas.some((schema) => acceptsText(schema, value)) ? undefined : valueIn(value, schemas);
    return meant === undefined ? value : read(meant, schemas, parts);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => read(item, parts.itemOf(schemas, index), parts));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value).map(([key, part]) => [key, read(part, parts.partOf(schemas, key).schemas, parts)] as const);
  return entries.some(([key, part]) => part !== (value as Arguments)[key]) ? Object.fromEntries(entries) : value;
}

/** Whether a schema itself accepts a text. Its alternatives and references are schemas of their own. */
function acceptsText(schema: RawSchema, text: string): boolean {
  if ('const' in schema) return schema['const'] === text;
  if (Array.isArray(schema['enum'])) return schema['enum'].includes(text);
  return typesOf(schema).includes('string') || acceptsAnything(schema);
}

/** Returns the value of a JSON text, if it has a type that one of the schemas names. */
function valueIn(text: string, schemas: Schemas): unknown {
  if (hasExcess(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const types = typesOfValue(value);
    return findInexactNumber(value) === undefined && schemas.some((schema) => typesOf(schema).some((type) => types.includes(type)))
      ? value
      : undefined;
  } catch {
    return undefined;
  }
}

function typesOfValue(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number') return ['number', 'integer'];
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null) ? [typeof value] : [];
}
