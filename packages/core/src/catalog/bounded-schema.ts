import { z } from 'zod';
import { isObject } from '../lib/json-object.ts';

/** The longest array that a caller may send where the author of a tool has set no bound. */
export const defaultMaxItems = 1_000;
/** The longest string that a caller may send where the author of a tool has set no bound, in characters. */
export const defaultMaxLength = 10_000;

// An answer to the caller names no more.
const maxProblems = 10;

interface Check {
  readonly _zod: { readonly def: { readonly check: string; readonly maximum?: number; readonly length?: number } };
}

/** Returns the author's bound on the length of a string or an array, or undefined if there is none. */
function boundOf(schema: z.ZodType): number | undefined {
  const checks = (schema._zod.def.checks ?? []) as readonly Check[];
  const bounds = checks.map(({ _zod: { def } }) =>
    def.check === 'max_length' ? def.maximum : def.check === 'length_equals' ? def.length : undefined,
  );
  return bounds.find((bound) => bound !== undefined);
}

/** Returns the same schema of a string or an array with an upper bound on its length. The author's own bound holds instead of `max`. */
export function bounded<S extends z.ZodType>(schema: S, max: number): S {
  const { def } = schema._zod;
  return boundOf(schema) === undefined ? z.clone(schema, { ...def, checks: [...(def.checks ?? []), z.maxLength(max)] }) : schema;
}

/**
 * Makes the schema of an array stop at the tenth problem in its items. zod would go on and describe all of them, which takes seconds for a
 * long array. Changes the given schema.
 */
export function stopEarlyInArray(schema: z.ZodType, item: z.ZodType): void {
  const max = boundOf(schema) ?? 0;
  // zod compares the length first, so an array that is too long costs nothing.
  readFirst(schema, (input) => (Array.isArray(input) && input.length <= max ? input.map((value, index) => [index, value]) : []), item);
}

/** Makes the schema of a record stop at the tenth problem in its values. Changes the given schema. */
export function stopEarlyInRecord(schema: z.ZodType, value: z.ZodType): void {
  readFirst(schema, (input) => (isObject(input) ? Object.entries(input) : []), value);
}

/** Parses the parts of a long value before the value itself. If they have ten problems, the value has these, and is not parsed. */
function readFirst(schema: z.ZodType, partsOf: (input: unknown) => readonly (readonly [PropertyKey, unknown])[], part: z.ZodType): void {
  const internals = schema._zod;
  const { parse, run } = internals;
  internals.parse = (payload, context) => {
    const parts = partsOf(payload.value);
    if (parts.length < maxProblems) return parse(payload, context);
    const problems: z.core.$ZodRawIssue[] = [];
    for (const [key, value] of parts) {
      const result = part._zod.run({ value, issues: [] }, context);
      if (result instanceof Promise) return parse(payload, context);
      problems.push(...z.core.util.prefixIssues(key, result.issues));
      if (problems.length < maxProblems) continue;
      payload.issues.push(...problems);
      return payload;
    }
    return parse(payload, context);
  };
  // A schema without checks runs its parser itself.
  if (run === parse) internals.run = internals.parse;
}
