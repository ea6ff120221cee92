import { z } from 'zod';
import type { Schema } from '../connector/tool.ts';
import { inlineSchema, type Report } from './inline-schema.ts';
import type { RawSchema } from './schema-words.ts';
import { wireSchema, type ObjectSchema } from './wire-schema.ts';

/** What came of {@link portableSchema}. */
export interface PortableSchema {
  readonly jsonSchema: ObjectSchema;
  /** What could not be made portable: where it is, and what to do. The schema is good only where there is none. */
  readonly problems: readonly string[];
  /** The schema as it was before, where it marks something as secret (`writeOnly`), which it does not say any more. Else undefined. */
  readonly marked: RawSchema | undefined;
}

const known = { input: new WeakMap<Schema, PortableSchema>(), output: new WeakMap<Schema, PortableSchema>() };

/**
 * The JSON Schema of a tool's input or output that goes over the wire: inline, with string enums, formats that all know, everything
 * described, and no keyword that a vendor refuses. It may say less than the validator checks, never more. Computed once for a schema.
 */
export function portableSchema(schema: Schema, io: 'input' | 'output'): PortableSchema {
  const before = known[io].get(schema);
  if (before) return before;
  const problems = new Set<string>();
  const report: Report = (path, problem) => void problems.add(`${path || 'the schema'} ${problem}`);
  const raw = 'jsonSchema' in schema ? (schema.jsonSchema as RawSchema) : rawSchemaOf(schema, io, report);
  const jsonSchema = wireSchema(inlineSchema(raw, report), io, report);
  const marked = JSON.stringify(raw).includes('"writeOnly":true') ? raw : undefined;
  const portable = { jsonSchema, problems: [...problems], marked };
  known[io].set(schema, portable);
  return portable;
}

function rawSchemaOf(schema: z.ZodObject, io: 'input' | 'output', report: Report): RawSchema {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: ({ zodSchema, path, message }) => {
      const { type, coerce } = zodSchema._zod.def as { type: string; coerce?: boolean };
      if (type === 'undefined' || type === 'void' || type === 'nan') return { not: {} };
      if (type === 'date' && (io === 'output' || coerce === true)) return { type: 'string', format: 'date-time' };
      report(
        dotted(path),
        `has a type that JSON has not: ${message}. ${instead[type] ?? 'Make it of strings, numbers, booleans, arrays and objects.'}`,
      );
      return 'any';
    },
  });
}

const instead: Readonly<Record<string, string>> = {
  date: 'Take z.iso.datetime(), or z.coerce.date().',
  bigint: 'Take a string of digits.',
  map: 'Take z.record(z.string(), …).',
  set: 'Take z.array(…).',
  transform: 'Say what comes out of the transformation: .transform(…).pipe(z.string()).',
};

// ['properties', 'tags', 'items', 'properties', 'name'] is written tags[].name.
function dotted(path: readonly (string | number)[]): string {
  const steps = path.filter((step, i) => step === 'items' || path[i - 1] === 'properties');
  return steps.join('.').replaceAll('.items', '[]');
}
