import { isObject } from '../lib/json-object.ts';
import { isSchema, type RawSchema } from './describe-schema.ts';
import { applicable, partsOf } from './schema-parts.ts';

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
  const given = filter.filter(args, applicable(schema, [schema])) as Arguments;
  return { given, nulls: [...filter.nulls] };
}

/** The schemas that apply to the same value. */
type Schemas = readonly RawSchema[];

/** Remembers what it has read of a schema, because the arguments may have thousands of values of the same kind. Lives as long as a call. */
class NullFilter {
  readonly nulls = new Set<string>();
  readonly #root: RawSchema;
  readonly #parts = new Map<Schemas, Parts>();

  constructor(root: RawSchema) {
    this.#root = root;
  }

  filter(value: unknown, schemas: Schemas): unknown {
    if (typeof value !== 'object' || value === null || schemas.length === 0) return value;
    if (Array.isArray(value)) {
      const ordered = Math.max(0, ...schemas.map(({ prefixItems }) => (Array.isArray(prefixItems) ? prefixItems.length : 0)));
      const items = value.map((item, index) => this.#inside(item, schemas, String(Math.min(index, ordered))));
      return items.some((item, index) => item !== value[index]) ? items : value;
    }
    const given: [string, unknown][] = [];
    let isSame = true;
    for (const key of Object.keys(value)) {
      const part = (value as Arguments)[key];
      if (part === null && this.#partOf(schemas, key).isOptionalWithoutNull) {
        isSame = false;
        this.nulls.add(key);
        continue;
      }
      const inside = this.#inside(part, schemas, key);
      if (inside !== part) isSame = false;
      given.push([key, inside]);
    }
    return isSame ? value : Object.fromEntries(given);
  }

  #inside(part: unknown, schemas: Schemas, key: string): unknown {
    return typeof part === 'object' && part !== null ? this.filter(part, this.#partOf(schemas, key).schemas) : part;
  }

  #partOf(schemas: Schemas, key: string): Part {
    let parts = this.#parts.get(schemas);
    if (!parts) this.#parts.set(schemas, (parts = { names: namesIn(schemas), known: new Map() }));
    const name = parts.names.has(key) ? key : undefined;
    let part = parts.known.get(name);
    if (!part) parts.known.set(name, (part = readPart(this.#root, schemas, key)));
    return part;
  }
}

/** The parts that have been read. All keys that the schemas do not name share a part, because a map may have thousands of keys. */
interface Parts {
  readonly names: ReadonlySet<string>;
  readonly known: Map<string | undefined, Part>;
}

function namesIn(schemas: Schemas): ReadonlySet<string> {
  return new Set(schemas.flatMap(({ properties, prefixItems }) => [...keysOf(properties), ...keysOf(prefixItems)]));
}

const keysOf = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);

/** The part of an object or a list under one key. */
interface Part {
  readonly schemas: Schemas;
  /** Whether the object may lack the part, and none of its schemas accepts null for it. */
  readonly isOptionalWithoutNull: boolean;
}

function readPart(root: RawSchema, schemas: Schemas, key: string): Part {
  const parts = applicable(
    root,
    schemas.flatMap((schema) => partsOf(schema, key)),
  );
  const naming = schemas.filter(({ properties }) => isSchema(properties) && Object.hasOwn(properties, key));
  const isOptional = naming.some(({ required }) => !Array.isArray(required) || !required.includes(key));
  return { schemas: parts, isOptionalWithoutNull: isOptional && !parts.some(acceptsNull) };
}

const restrictions = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', 'not'];

/** Whether a schema itself accepts null. Its alternatives and references are schemas of their own. */
function acceptsNull(schema: RawSchema): boolean {
  const { type, enum: values } = schema;
  if (type === 'null' || (Array.isArray(type) && type.includes('null'))) return true;
  if (schema['const'] === null || (Array.isArray(values) && values.includes(null))) return true;
  return restrictions.every((keyword) => !(keyword in schema));
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
