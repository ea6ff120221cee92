import { isObject } from '../lib/json-object.ts';
import { isSchema, type RawSchema } from './describe-schema.ts';
import { applicable, partsOf } from './schema-parts.ts';

type Arguments = Readonly<Record<string, unknown>>;

// Clients that must send every input, and frameworks that fill in defaults, send null for an input that they do not want to give.

/**
 * Returns the arguments without the nulls that mean "not given": of inputs, at any depth, that are optional and whose schema does not accept
 * null. Returns the same object if there are none.
 *
 * @param schema The JSON Schema of the input.
 */
export function withoutNulls(schema: RawSchema, args: Arguments): Arguments {
  return strip(schema, [schema], args) as Arguments;
}

function strip(root: RawSchema, schemas: readonly RawSchema[], value: unknown): unknown {
  if (typeof value !== 'object' || value === null || schemas.length === 0) return value;
  const all = applicable(root, schemas);
  const inside = (key: string, part: unknown) =>
    typeof part === 'object' && part !== null
      ? strip(
          root,
          all.flatMap((schema) => partsOf(schema, key)),
          part,
        )
      : part;
  if (Array.isArray(value)) {
    const items = value.map((item, index) => inside(String(index), item));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  const entries = Object.entries(value);
  const given = entries
    .filter(([key, part]) => part !== null || !isOptionalWithoutNull(root, all, key))
    .map(([key, part]) => [key, inside(key, part)] as const);
  const isSame = given.length === entries.length && given.every(([, part], index) => part === entries[index]?.[1]);
  return isSame ? value : Object.fromEntries(given);
}

/** Whether an object that these schemas describe may lack the property, and whether none of them accepts null for it. */
function isOptionalWithoutNull(root: RawSchema, schemas: readonly RawSchema[], key: string): boolean {
  const naming = schemas.filter(({ properties }) => isSchema(properties) && Object.hasOwn(properties, key));
  const isOptional = naming.some(({ required }) => !Array.isArray(required) || !required.includes(key));
  if (!isOptional) return false;
  return !applicable(
    root,
    naming.flatMap((schema) => partsOf(schema, key)),
  ).some(acceptsNull);
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
