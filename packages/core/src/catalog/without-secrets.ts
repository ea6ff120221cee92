import type { Schema } from '../connector/tool.ts';
import { portableSchema } from './portable-schema.ts';
import { isSchema, type RawSchema } from './describe-schema.ts';

const mask = '[redacted]';
const maxDepth = 20;

/**
 * Returns a copy of the arguments without the values that their schema marks as `secret(…)`, or as `writeOnly` in a JSON Schema. If a value
 * has several alternatives, it is redacted if any of them marks it.
 */
export type WithoutSecrets = (value: unknown) => unknown;

/** Returns the strings that {@link WithoutSecrets} redacted. */
export function redactedValues(original: unknown, redacted: unknown): string[] {
  if (original === redacted) return [];
  if (typeof original === 'string') return [original];
  if (typeof original !== 'object' || original === null) return [];
  const inside = typeof redacted === 'object' && redacted !== null ? (redacted as Readonly<Record<string, unknown>>) : {};
  return Object.entries(original).flatMap(([key, value]) => redactedValues(value, inside[key]));
}

/** Creates the redaction function for a schema. If the schema marks nothing, the function returns the arguments themselves. */
export function withoutSecrets(schema: Schema): WithoutSecrets {
  const { marked } = portableSchema(schema, 'input');
  return marked ? (value) => redact(marked, [marked], value, 0) : (value) => value;
}

function redact(root: RawSchema, schemas: readonly RawSchema[], value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return value;
  const all = alternatives(root, schemas);
  if (depth > maxDepth || all.some((schema) => schema['writeOnly'] === true)) return mask;
  if (typeof value !== 'object') return value;
  const inside = (key: string) =>
    redact(
      root,
      all.flatMap((schema) => partsOf(schema, key)),
      (value as RawSchema)[key],
      depth + 1,
    );
  if (Array.isArray(value)) return value.map((_, index) => inside(String(index)));
  return Object.fromEntries(Object.keys(value).map((key) => [key, inside(key)]));
}

/** Returns the schemas and all others that may apply to the same value, each once. */
function alternatives(root: RawSchema, schemas: readonly RawSchema[]): RawSchema[] {
  const found = new Set(schemas);
  // The iteration also visits schemas that are added while it runs.
  for (const schema of found) {
    const branches: unknown[] = ['anyOf', 'oneOf', 'allOf', 'if', 'then', 'else'].flatMap((word) => schema[word] ?? []);
    const { $ref } = schema;
    if (typeof $ref === 'string' && $ref.startsWith('#')) branches.push(resolve(root, $ref));
    for (const branch of branches.filter(isSchema)) found.add(branch);
  }
  return [...found];
}

/** Returns the parts of a schema that apply to a property, or to an item of a list. */
function partsOf(schema: RawSchema, key: string): RawSchema[] {
  const { properties, prefixItems, items, additionalProperties, patternProperties } = schema;
  const named = isSchema(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const positional = Array.isArray(prefixItems) ? prefixItems[Number(key)] : undefined;
  const patterned = isSchema(patternProperties) ? Object.values(patternProperties) : [];
  return [named, positional, items, named === undefined ? additionalProperties : undefined, ...patterned].filter(isSchema);
}

function resolve(root: RawSchema, ref: string): unknown {
  const steps = decodeURIComponent(ref.slice(1)).split('/').filter(Boolean);
  return steps.reduce<unknown>(
    (found, step) => (isSchema(found) ? found[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
    root,
  );
}
