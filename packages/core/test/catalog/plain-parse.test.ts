import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { leaveToZod, plainParse, unsure } from '../../src/schema/plain-parse.ts';
import { strictSchema } from '../../src/schema/strict-schema.ts';

/** Schemas of every kind that is understood, with bounds near the values that are tried. */
const { schema: schemas } = fc.letrec<{ schema: z.ZodType; leaf: z.ZodType }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<z.ZodType>(z.string(), z.string().min(1), z.string().max(2), z.string().min(1).max(3)),
    fc.constantFrom<z.ZodType>(z.number(), z.number().min(0), z.number().gt(0).lt(2), z.int(), z.int().min(1).max(2), z.number().int()),
    fc.constantFrom<z.ZodType>(z.boolean(), z.enum(['a', 'b']), z.literal('a'), z.literal([1, true])),
  ),
  schema: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    tie('schema').map((inner) => inner.optional()),
    tie('schema').map((inner) => z.exactOptional(inner)),
    tie('schema').map((inner) => inner.nullable()),
    tie('schema').map((inner) => z.array(inner).min(1).max(2)),
    fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), tie('schema'), { maxKeys: 3 }).map((shape) => z.object(shape)),
  ),
}));
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>('', 'a', 'ab', 'abcd', 0, -0, 1, 2, 1.5, -1, 2 ** 53, Number.NaN, Infinity, true, false, null, undefined),
    fc.constantFrom<unknown>(new Date(0), [], {}, Object.create({ a: 'a' }) as unknown, JSON.parse('{"__proto__":{"a":1}}') as unknown),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), tie('value'), { maxKeys: 3 }),
  ),
})).value;

test('what it takes, zod takes too and copies alike, whether unknown keys are refused or dropped', () => {
  let taken = 0;
  const property = fc.property(schemas, values, fc.boolean(), (loose, value, strict) => {
    const schema = strict ? strictSchema(loose) : loose;
    const parsed = plainParse(schema)(value);
    if (parsed === unsure) return;
    taken += 1;
    const judged = schema.safeParse(value);
    expect(judged.success).toBe(true);
    expect(parsed).toStrictEqual(judged.data);
    expect(JSON.stringify(parsed)).toBe(JSON.stringify(judged.data));
    if (typeof value === 'object' && value !== null) expect(parsed).not.toBe(value);
  });
  fc.assert(property, { numRuns: 10_000 });
  expect(taken).toBeGreaterThan(150);
});

test('takes every good value of a schema of such kinds', () => {
  const schema = strictSchema(
    z.object({
      text: z.string().min(1).max(5),
      many: z.int().min(1).max(9),
      kind: z.enum(['a', 'b']),
      list: z.array(z.object({ on: z.boolean() })).max(2),
      note: z.string().nullable().optional(),
    }),
  );
  const value = { text: 'Hello', many: 9, kind: 'b', list: [{ on: true }, { on: false }], note: null };
  expect(plainParse(schema)(value)).toStrictEqual(value);
});

test.each([
  ['a default', z.string().default('a')],
  ['what may be left out, and not be undefined', z.exactOptional(z.string())],
  ['a transformation', z.string().transform(Number)],
  ['a change before the checks', z.string().trim()],
  ['a check of the author’s own', z.object({}).refine(() => false)],
  [
    'a check of what may be left out',
    z
      .string()
      .optional()
      .refine(() => false),
  ],
  [
    'a check of what may be null',
    z
      .string()
      .nullable()
      .refine(() => false),
  ],
  ['a check of a text', z.string().refine(() => false)],
  ['a check of a truth', z.boolean().refine(() => false)],
  ['a check of a list', z.array(z.string()).refine(() => false)],
  ['a check of a choice', z.enum(['a']).refine(() => false)],
  ['a format', z.email()],
  ['a pattern', z.string().regex(/a/)],
  ['a multiple', z.number().multipleOf(2)],
  ['a smaller kind of number', z.int32()],
  ['a conversion', z.coerce.string()],
  ['a union', z.union([z.string(), z.number()])],
  ['a map of any keys', z.record(z.string(), z.string())],
  ['whatever there is', z.unknown()],
  ['keys that are kept unseen', z.looseObject({ a: z.string() })],
  ['keys of a kind', z.object({}).catchall(z.string())],
  ['an enum of numbers', z.enum({ A: 0, 0: 'A' })],
  ['a choice of nothing', z.literal(undefined)],
  ['a fallback', z.string().catch('a')],
  ['a frozen copy', z.object({}).readonly()],
])('leaves %s to zod, inside too', (_what, schema) => {
  expect(plainParse(schema)).toBe(leaveToZod);
  expect(plainParse(z.object({ inside: schema }))).toBe(leaveToZod);
  expect(plainParse(z.array(schema))).toBe(leaveToZod);
});
