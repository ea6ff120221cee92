import { z } from 'zod';
import type { Schema } from '../connector/tool.ts';
import { inlineSchema, type Report } from './inline-schema.ts';
import type { RawSchema } from './describe-schema.ts';
import { unreadableParts } from './unreadable-parts.ts';
import { wireSchema, type ObjectSchema } from './wire-schema.ts';

/** The result of {@link portableSchema}. */
export interface PortableSchema {
  readonly jsonSchema: ObjectSchema;
  /** The parts that could not be made portable, each with its path and what to do. The schema is usable only if there are none. */
  readonly problems: readonly string[];
  /** The JSON Schema before the conversion. It says more than the wire form, such as which parts are secret (`writeOnly`). */
  readonly raw: RawSchema;
}

const results = { input: new WeakMap<Schema, PortableSchema>(), output: new WeakMap<Schema, PortableSchema>() };

/**
 * Returns the JSON Schema of a tool's input or output in wire form. It has no references, only enums of strings, only formats that all
 * model vendors know, a description of each property, and no keyword that a vendor refuses. It may be looser than the validator, but never
 * stricter. Computed once for each schema.
 */
export function portableSchema(schema: Schema, io: 'input' | 'output'): PortableSchema {
  const known = results[io].get(schema);
  if (known) return known;
  const problems = new Set<string>();
  const report: Report = (path, problem) => void problems.add(`${path || 'the schema'} ${problem}`);
  const raw = 'jsonSchema' in schema ? (schema.jsonSchema as RawSchema) : rawSchemaOf(schema, io, report);
  const jsonSchema = wireSchema(inlineSchema(raw, report), io, report);
  const portable = { jsonSchema, problems: [...problems], raw };
  results[io].set(schema, portable);
  return portable;
}

function rawSchemaOf(schema: z.ZodObject, io: 'input' | 'output', report: Report): RawSchema {
  try {
    return convert(schema, io, report);
  } catch (error) {
    // Zod names neither the tool nor the part.
    const parts = [...unreadableParts(schema)];
    if (parts.length === 0) throw error;
    for (const path of parts)
      report(path, 'is or contains something that zod 4 cannot read, such as undefined, a plain object or a schema of zod 3.');
    return { type: 'object', properties: {} };
  }
}

function convert(schema: z.ZodObject, io: 'input' | 'output', report: Report): RawSchema {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: ({ zodSchema, path, message }) => {
      const { type, coerce } = zodSchema._zod.def as { type: string; coerce?: boolean };
      if (type === 'undefined' || type === 'void' || type === 'nan') return { not: {} };
      if (type === 'date' && (io === 'output' || coerce === true)) return { type: 'string', format: 'date-time' };
      report(
        dotted(path),
        `has a type that JSON does not have: ${message}. ${replacements[type] ?? 'Make it of strings, numbers, booleans, arrays and objects.'}`,
      );
      return 'any';
    },
  });
}

const replacements: Readonly<Record<string, string>> = {
  date: 'Take z.iso.datetime(), or z.coerce.date().',
  bigint: 'Take a string of digits.',
  map: 'Take z.record(z.string(), …).',
  set: 'Take z.array(…).',
  transform: 'Say what comes out of the transformation: .transform(…).pipe(z.string()).',
};

// Writes ['properties', 'tags', 'items', 'properties', 'name'] as tags[].name.
function dotted(path: readonly (string | number)[]): string {
  const steps = path.filter((step, i) => step === 'items' || path[i - 1] === 'properties');
  return steps.join('.').replaceAll('.items', '[]');
}
