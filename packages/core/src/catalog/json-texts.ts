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
  const reader = new TextReader(schema);
  const values = reader.read(args, reader.parts.whole) as Arguments;
  return values === args || reader.hasTooMuch || hasExcess(JSON.stringify(values), messageBounds.values) ? args : values;
}

const hasExcess = (json: string, values: number): boolean =>
  findJsonExcess(new TextEncoder().encode(json), { ...messageBounds, values }) !== undefined;

class TextReader {
  readonly parts: PartReader;
  /** Whether the texts hold more than a message may. */
  hasTooMuch = false;
  /** How many values the texts that follow may hold. Each could hold as many as a message, and a message has room for many texts. */
  #left = messageBounds.values;

  constructor(schema: RawSchema) {
    this.parts = new PartReader(schema);
  }

  read(value: unknown, schemas: Schemas): unknown {
    if (schemas.length === 0 || this.hasTooMuch) return value;
    if (typeof value === 'string') {
      const meant = schemas.some((schema) => acceptsText(schema, value)) ? undefined : this.#valueIn(value, schemas);
      return meant === undefined ? value : this.read(meant, schemas);
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items = value.map((item, index) => this.read(item, this.parts.itemOf(schemas, index)));
      return items.some((item, index) => item !== value[index]) ? items : value;
    }
    const entries = Object.entries(value).map(([key, part]) => [key, this.read(part, this.parts.partOf(schemas, key).schemas)] as const);
    return entries.some(([key, part]) => part !== (value as Arguments)[key]) ? Object.fromEntries(entries) : value;
  }

  /** Returns the value of a JSON text, if it has a type that one of the schemas names. */
  #valueIn(text: string, schemas: Schemas): unknown {
    this.hasTooMuch = hasExcess(text, this.#left);
    if (this.hasTooMuch) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      this.#left -= countValues(value);
      const types = typesOfValue(value);
      return findInexactNumber(value) === undefined && schemas.some((schema) => typesOf(schema).some((type) => types.includes(type)))
        ? value
        : undefined;
    } catch {
      return undefined;
    }
  }
}

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce((sum: number, part) => sum + countValues(part), 1);
}

/** Whether a schema itself accepts a text. Its alternatives and references are schemas of their own. */
function acceptsText(schema: RawSchema, text: string): boolean {
  if ('const' in schema) return schema['const'] === text;
  if (Array.isArray(schema['enum'])) return schema['enum'].includes(text);
  return typesOf(schema).includes('string') || acceptsAnything(schema);
}

function typesOfValue(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return ['array'];
  if (typeof value === 'number') return ['number', 'integer'];
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null) ? [typeof value] : [];
}
