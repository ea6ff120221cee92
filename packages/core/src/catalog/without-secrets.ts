import type { Schema } from '../connector/tool.ts';
import { portableSchema } from './portable-schema.ts';
import type { RawSchema } from './describe-schema.ts';
import { applicable, partsOf } from './schema-parts.ts';

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
  const { raw } = portableSchema(schema, 'input');
  const isMarked = JSON.stringify(raw).includes('"writeOnly":true');
  return isMarked ? (value) => redact(raw, [raw], value, 0) : (value) => value;
}

function redact(root: RawSchema, schemas: readonly RawSchema[], value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return value;
  const all = applicable(root, schemas);
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
