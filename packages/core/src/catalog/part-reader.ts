import { isSchema, type RawSchema } from './describe-schema.ts';
import { applicable, partsOf } from './schema-parts.ts';

/** The schemas that apply to the same value. */
export type Schemas = readonly RawSchema[];

/** The part of an object or a list under one key. */
interface Part {
  readonly schemas: Schemas;
  /** Whether the object may lack the part. */
  readonly isOptional: boolean;
}

/** The parts that have been read. All keys that the schemas do not name share a part, because a map may have thousands of keys. */
interface Parts {
  readonly names: ReadonlySet<string>;
  readonly known: Map<string | undefined, Part>;
}

/**
 * Finds the schemas of the parts of a value. Remembers what it has read of a schema, because the arguments may have thousands of values of
 * the same kind. Lives as long as a call.
 */
export class PartReader {
  /** The schemas that apply to the whole value. */
  readonly whole: Schemas;
  readonly #root: RawSchema;
  readonly #parts = new Map<Schemas, Parts>();

  constructor(root: RawSchema) {
    this.#root = root;
    this.whole = applicable(root, [root]);
  }

  /** Returns the part under a key of an object. */
  partOf(schemas: Schemas, key: string): Part {
    let parts = this.#parts.get(schemas);
    if (!parts) this.#parts.set(schemas, (parts = { names: namesIn(schemas), known: new Map() }));
    const name = parts.names.has(key) ? key : undefined;
    let part = parts.known.get(name);
    if (!part) parts.known.set(name, (part = readPart(this.#root, schemas, key)));
    return part;
  }

  /** Returns the schemas of an item of a list. */
  itemOf(schemas: Schemas, index: number): Schemas {
    const ordered = Math.max(0, ...schemas.map(({ prefixItems }) => (Array.isArray(prefixItems) ? prefixItems.length : 0)));
    return this.partOf(schemas, String(Math.min(index, ordered))).schemas;
  }
}

function namesIn(schemas: Schemas): ReadonlySet<string> {
  return new Set(schemas.flatMap(({ properties, prefixItems }) => [...keysOf(properties), ...keysOf(prefixItems)]));
}

const keysOf = (value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.keys(value) : []);

function readPart(root: RawSchema, schemas: Schemas, key: string): Part {
  const parts = applicable(
    root,
    schemas.flatMap((schema) => partsOf(schema, key)),
  );
  const naming = schemas.filter(({ properties }) => isSchema(properties) && Object.hasOwn(properties, key));
  return { schemas: parts, isOptional: naming.some(({ required }) => !Array.isArray(required) || !required.includes(key)) };
}

const restrictions = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', 'not'];

/** Whether a schema itself accepts values of every type. */
export const acceptsAnything = (schema: RawSchema): boolean => restrictions.every((keyword) => !(keyword in schema));

/** Returns the types that a schema itself names. */
export const typesOf = ({ type }: RawSchema): readonly unknown[] => (Array.isArray(type) ? type : [type]);
