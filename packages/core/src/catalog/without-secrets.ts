import type { Schema } from '../connector/tool.ts';
import { portableSchema } from './portable-schema.ts';
import { isSchema, type RawSchema } from './schema-words.ts';

const mask = '[redacted]';
const maxDepth = 20;

/**
 * A copy of arguments without what their schema marks as `secret(…)`, or as `writeOnly` in a JSON Schema. A value that may be secret by
 * one of several alternatives is taken out.
 */
export type WithoutSecrets = (value: unknown) => unknown;

/** The texts that {@link WithoutSecrets} took out. */
export function redactedValues(given: unknown, shown: unknown): string[] {
  if (given === shown) return [];
  if (typeof given === 'string') return [given];
  if (typeof given !== 'object' || given === null) return [];
  const inside = typeof shown === 'object' && shown !== null ? (shown as Readonly<Record<string, unknown>>) : {};
  return Object.entries(given).flatMap(([key, value]) => redactedValues(value, inside[key]));
}

/** Made once for a schema. What marks nothing gives its arguments back as they are. */
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

/** The schemas, and every other that may say something about the same value: each once, however often it is pointed at. */
function alternatives(root: RawSchema, schemas: readonly RawSchema[]): RawSchema[] {
  const found = new Set(schemas);
  // A set gives what is added to it meanwhile too.
  for (const schema of found) {
    const branches: unknown[] = ['anyOf', 'oneOf', 'allOf', 'if', 'then', 'else'].flatMap((word) => schema[word] ?? []);
    const { $ref } = schema;
    if (typeof $ref === 'string' && $ref.startsWith('#')) branches.push(pointedAt(root, $ref));
    for (const branch of branches.filter(isSchema)) found.add(branch);
  }
  return [...found];
}

/** What a schema says of a property, or of an item of a list. */
function partsOf(schema: RawSchema, key: string): RawSchema[] {
  const { properties, prefixItems, items, additionalProperties, patternProperties } = schema;
  const named = isSchema(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const placed = Array.isArray(prefixItems) ? prefixItems[Number(key)] : undefined;
  const patterned = isSchema(patternProperties) ? Object.values(patternProperties) : [];
  return [named, placed, items, named === undefined ? additionalProperties : undefined, ...patterned].filter(isSchema);
}

function pointedAt(root: RawSchema, ref: string): unknown {
  const steps = decodeURIComponent(ref.slice(1)).split('/').filter(Boolean);
  return steps.reduce<unknown>(
    (found, step) => (isSchema(found) ? found[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
    root,
  );
}
