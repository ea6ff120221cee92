import { isObject } from '../lib/json-object.ts';
import type { RawSchema } from './describe-schema.ts';
import { acceptsAnything, PartReader, typesOf, type Schemas } from './part-reader.ts';

type Arguments = Readonly<Record<string, unknown>>;

// Clients that must send every input, and frameworks that fill in defaults, send null for an input that they do not want to give.

/** Arguments without the nulls that mean "not given". */
interface GivenArguments {
  /** The same object as before, if it had no such nulls. */
  readonly given: Arguments;
  /** The names of the inputs that were null. */
  readonly nulls: readonly string[];
}

/** Whether a JSON value has a null at any depth. Few calls have. */
export function hasNull(value: unknown): boolean {
  if (typeof value !== 'object') return false;
  if (value === null) return true;
  if (Array.isArray(value)) return value.some(hasNull);
  // Without a list of the keys, because every call passes here. A key of a prototype finds nothing.
  for (const key in value) if (hasNull((value as Arguments)[key])) return true;
  return false;
}

/**
 * Removes the nulls that mean "not given": those for inputs, at any depth, that are optional and do not accept null.
 *
 * @param schema The JSON Schema of the input.
 */
export function withoutNulls(schema: RawSchema, args: Arguments): GivenArguments {
  const filter = new NullFilter(schema);
  const given = filter.filter(args, filter.parts.whole) as Arguments;
  return { given, nulls: [...filter.nulls] };
}

class NullFilter {
  readonly nulls = new Set<string>();
  readonly parts: PartReader;

  constructor(root: RawSchema) {
    this.parts = new PartReader(root);
  }

  filter(value: unknown, schemas: Schemas): unknown {
    if (typeof value !== 'object' || value === null || schemas.length === 0) return value;
    if (Array.isArray(value)) {
      const items = value.map((item, index) => this.#inside(item, () => this.parts.itemOf(schemas, index)));
      return items.some((item, index) => item !== value[index]) ? items : value;
    }
    const given: [string, unknown][] = [];
    let isSame = true;
    for (const key of Object.keys(value)) {
      const part = (value as Arguments)[key];
      if (part === null && this.#isNotGiven(schemas, key)) {
        isSame = false;
        this.nulls.add(key);
        continue;
      }
      const inside = this.#inside(part, () => this.parts.partOf(schemas, key).schemas);
      if (inside !== part) isSame = false;
      given.push([key, inside]);
    }
    return isSame ? value : Object.fromEntries(given);
  }

  #inside(part: unknown, schemas: () => Schemas): unknown {
    return typeof part === 'object' && part !== null ? this.filter(part, schemas()) : part;
  }

  #isNotGiven(schemas: Schemas, key: string): boolean {
    const part = this.parts.partOf(schemas, key);
    return part.isOptional && !part.schemas.some(acceptsNull);
  }
}

/** Whether a schema itself accepts null. Its alternatives and references are schemas of their own. */
function acceptsNull(schema: RawSchema): boolean {
  if (typesOf(schema).includes('null') || schema['const'] === null) return true;
  return (Array.isArray(schema['enum']) && schema['enum'].includes(null)) || acceptsAnything(schema);
}

/** Returns the names of an input's optional cursors: `cursor`, and names that end in `Cursor`. */
export function optionalCursors({ properties, required }: RawSchema): readonly string[] {
  const names = isObject(properties) ? Object.keys(properties) : [];
  return names.filter((name) => /^cursor$|Cursor$/.test(name) && !(Array.isArray(required) && required.includes(name)));
}

/** Returns the arguments without empty cursors, which pagers send for the first page. Returns the same object if there are none. */
export function withoutEmptyCursors(cursors: readonly string[], args: Arguments): Arguments {
  for (const name of cursors) {
    if (args[name] === '') return Object.fromEntries(Object.entries(args).filter(([key, value]) => value !== '' || !cursors.includes(key)));
  }
  return args;
}
