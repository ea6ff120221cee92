import type { z } from 'zod';
import { isPlainObject } from '../json-object.ts';

/** What a {@link PlainParse} says of a value that zod has to look at: because it is wrong, or because it is to be changed. */
export const unsure = Symbol('unsure');

/** Gives a copy of a value that is good as it is, as zod would give it, in a fraction of the time; or {@link unsure}. */
export type PlainParse = (value: unknown) => unknown;

/** The parts of zod's definitions that are understood here. */
interface Definition {
  readonly type: string;
  readonly check?: string;
  readonly format?: string;
  readonly coerce?: boolean;
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDefinition } }[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly entries?: Readonly<Record<string, string | number>>;
  readonly values?: readonly unknown[];
}

interface CheckDefinition {
  readonly check: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: number | bigint | Date;
  readonly inclusive?: boolean;
}

type Test = (value: unknown) => boolean;

/** What there is for a schema that is not understood. */
export const leaveToZod: PlainParse = () => unsure;

const made = new WeakMap<z.ZodType, PlainParse>();

/**
 * Compiles a schema that says no more than kinds, bounds, choices and which keys there are. {@link leaveToZod} for a schema with anything else
 * in it, such as a format, a default, a transformation or a check of the author's own. Computed once for a schema, which must not contain itself.
 */
export function plainParse(schema: z.ZodType): PlainParse {
  let parse = made.get(schema);
  if (!parse) made.set(schema, (parse = compile(schema) ?? leaveToZod));
  return parse;
}

/** Of a schema inside another. */
function inner(schema: z.ZodType | undefined): PlainParse | undefined {
  const parse = schema && plainParse(schema);
  return parse === leaveToZod ? undefined : parse;
}

function compile(schema: z.ZodType): PlainParse | undefined {
  const def = schema._zod.def as Definition;
  if (def.coerce) return undefined;
  const isChecked = (def.checks?.length ?? 0) > 0;
  switch (def.type) {
    case 'string':
      return def.format === undefined ? tested(def, isString, lengthTest) : undefined;
    case 'number':
      return tested(def, def.check === undefined ? isNumber : formatTest(def), boundTest);
    case 'boolean':
      return tested(def, isBoolean, noTest);
    case 'enum':
      return tested(def, oneOf(Object.values(def.entries ?? {}), 'string'), noTest);
    case 'literal':
      return tested(def, oneOf(def.values ?? [], 'string', 'number', 'boolean'), noTest);
    case 'optional':
      return isChecked ? undefined : optional(schema, inner(def.innerType));
    case 'nullable':
      return isChecked ? undefined : emptyOr(null, inner(def.innerType));
    case 'array':
      return arrayOf(inner(def.element), tested(def, Array.isArray, lengthTest));
    case 'object':
      return def.shape && !isChecked && isClosed(def.catchall) ? objectOf(def.shape) : undefined;
    default:
      return undefined;
  }
}

/** A value of one kind that passes all checks. */
function tested(def: Definition, kind: Test | undefined, testOf: (check: CheckDefinition) => Test | undefined): PlainParse | undefined {
  const tests = [kind, ...(def.checks ?? []).map(({ _zod }) => testOf(_zod.def))];
  if (!tests.every((test) => test !== undefined)) return undefined;
  return (value) => {
    for (const test of tests) if (!test(value)) return unsure;
    return value;
  };
}

const isString: Test = (value) => typeof value === 'string';
const isNumber: Test = (value) => Number.isFinite(value);
const isBoolean: Test = (value) => typeof value === 'boolean';
const noTest = () => undefined;

/** Undefined where a choice is of another kind: TypeScript's enums have the names of their numbers among their values. */
function oneOf(values: readonly unknown[], ...kinds: readonly string[]): Test | undefined {
  if (!values.every((value) => kinds.includes(typeof value))) return undefined;
  const set = new Set(values);
  return (value) => set.has(value);
}

function formatTest({ format }: { readonly format?: string }): Test | undefined {
  return format === 'safeint' ? Number.isSafeInteger : undefined;
}

// A value has passed the test of its kind before it comes to these.
function lengthTest({ check, minimum = 0, maximum = 0 }: CheckDefinition): Test | undefined {
  const lengthOf = (value: unknown) => (value as string | readonly unknown[]).length;
  if (check === 'min_length') return (value) => lengthOf(value) >= minimum;
  if (check === 'max_length') return (value) => lengthOf(value) <= maximum;
  return undefined;
}

function boundTest(def: CheckDefinition): Test | undefined {
  const { check, value: bound, inclusive } = def;
  if (check === 'number_format') return formatTest(def);
  if (typeof bound !== 'number') return undefined;
  if (check === 'greater_than') return (value) => Number(value) > bound || (inclusive === true && value === bound);
  if (check === 'less_than') return (value) => Number(value) < bound || (inclusive === true && value === bound);
  return undefined;
}

/** Zod has two kinds of it: what may be left out may not always be undefined. */
function optional(schema: z.ZodType, parse: PlainParse | undefined): PlainParse | undefined {
  return parse && schema.safeParse(undefined).success ? emptyOr(undefined, parse) : undefined;
}

function emptyOr(empty: null | undefined, parse: PlainParse | undefined): PlainParse | undefined {
  return parse && ((value) => (value === empty ? value : parse(value)));
}

function arrayOf(element: PlainParse | undefined, array: PlainParse | undefined): PlainParse | undefined {
  if (!element || !array) return undefined;
  return (value) => {
    if (array(value) === unsure) return unsure;
    const copy: unknown[] = [];
    for (const item of value as readonly unknown[]) {
      const parsed = element(item);
      if (parsed === unsure) return unsure;
      copy.push(parsed);
    }
    return copy;
  };
}

/** Unknown keys are refused or dropped, not kept. Where there are any, zod does it. */
const isClosed = (catchall: z.ZodType | undefined): boolean => catchall === undefined || (catchall._zod.def as Definition).type === 'never';

function objectOf(shape: Readonly<Record<string, z.ZodType>>): PlainParse | undefined {
  const fields: { readonly key: string; readonly parse: PlainParse }[] = [];
  for (const [key, schema] of Object.entries(shape)) {
    const parse = inner(schema);
    if (!parse || key === '__proto__') return undefined;
    fields.push({ key, parse });
  }
  return (value) => {
    if (!isPlainObject(value)) return unsure;
    const copy: Record<string, unknown> = {};
    let found = 0;
    for (const { key, parse } of fields) {
      const given = value[key];
      if (given === undefined) {
        // Where the key stands without a value, what becomes of it is zod's affair.
        if (key in value || parse(undefined) === unsure) return unsure;
        continue;
      }
      const parsed = parse(given);
      if (parsed === unsure) return unsure;
      copy[key] = parsed;
      found += 1;
    }
    return found === Object.keys(value).length ? copy : unsure;
  };
}
