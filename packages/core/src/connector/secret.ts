import { z } from 'zod';

/**
 * Marks a field of a connector's config as secret: stores seal it, and logs, errors and answers redact it. The mark is JSON Schema's
 * `writeOnly`, which settings pages can read too. Apply it first: `secret(z.string()).optional()`.
 */
export function secret<S extends z.ZodType>(schema: S): S {
  return schema.meta({ ...schema.meta(), writeOnly: true });
}

/** Returns the secret values in a parsed config. */
export function secretValues(schema: z.ZodType, value: unknown): string[] {
  const found: string[] = [];
  collect(schema, value, false, found);
  return found;
}

function collect(schema: z.ZodType, value: unknown, inherited: boolean, found: string[]): void {
  const secretHere = inherited || schema.meta()?.['writeOnly'] === true;
  const { shape, innerType, element } = schema._zod.def as {
    shape?: Record<string, z.ZodType>;
    innerType?: z.ZodType;
    element?: z.ZodType;
  };
  if (innerType) return collect(innerType, value, secretHere, found);
  if (typeof value === 'string') {
    if (secretHere && value !== '') found.push(value);
  } else if (typeof value === 'object' && value !== null) {
    // A part without its own schema is as secret as its parent.
    for (const [key, part] of Object.entries(value)) collect(shape?.[key] ?? element ?? z.unknown(), part, secretHere, found);
  }
}
