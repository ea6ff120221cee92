import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { compiledSchema } from '../../src/catalog/compiled-schema.ts';
import { strictSchema } from '../../src/catalog/strict-schema.ts';

/** Schemas as tools have them, with bounds near the generated values. */
const { schema: schemas } = fc.letrec<{ schema: z.ZodType; leaf: z.ZodType }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<z.ZodType>(z.string(), z.string().min(1), z.string().max(2), z.string().trim(), z.email(), z.string().regex(/b/)),
    fc.constantFrom<z.ZodType>(z.number(), z.number().min(0), z.number().gt(0).lt(2), z.int(), z.int32(), z.number().multipleOf(2)),
    fc.constantFrom<z.ZodType>(z.boolean(), z.enum(['a', 'b']), z.literal('a'), z.literal([1, true]), z.unknown(), z.coerce.number()),
  ),
  schema: fc.oneof(
    { maxDepth: 3 },
    tie('leaf'),
    tie('schema').map((inner) => inner.optional()),
    tie('schema').map((inner) => z.exactOptional(inner)),
    tie('schema').map((inner) => inner.nullable()),
    tie('schema').map((inner) => inner.default('b' as never)),
    tie('schema').map((inner) => inner.refine((value) => value !== 'ab', 'is not ab')),
    tie('schema').map((inner) => inner.transform((value) => [value])),
    tie('schema').map((inner) => z.array(inner).min(1).max(2)),
    tie('schema').map((inner) => z.record(z.string(), inner)),
    fc.tuple(tie('schema'), tie('schema')).map(([one, other]) => z.union([one, other])),
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

test('a compiled schema accepts, changes and refuses the same values as the schema, whether unknown keys are refused or dropped', () => {
  const counts = { accepted: 0, refused: 0 };
  const property = fc.property(schemas, values, fc.boolean(), (loose, value, strict) => {
    const schema = strict ? strictSchema(loose) : loose;
    const error = () => 'our message';
    const expected = schema.safeParse(value, { error });
    const parsed = compiledSchema(schema).safeParse(value, { error });
    counts[expected.success ? 'accepted' : 'refused'] += 1;
    expect(parsed.success).toBe(expected.success);
    // Not `toStrictEqual`, which reads a key `constructor` as the object's constructor.
    expect(isDeepStrictEqual(parsed.data, expected.data)).toBe(true);
    expect(JSON.stringify(parsed.data)).toBe(JSON.stringify(expected.data));
    expect(JSON.stringify(parsed.error?.issues)).toBe(JSON.stringify(expected.error?.issues));
  });
  fc.assert(property, { numRuns: 2_000 });
  expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(200);
});

test('a compiled schema returns copies, and is the same each time', () => {
  const schema = z.object({ list: z.array(z.string()) });
  const value = { list: ['a'] };
  const parsed = compiledSchema(schema).parse(value);
  expect(parsed).toStrictEqual(value);
  expect(parsed.list).not.toBe(value.list);
  expect(compiledSchema(schema)).toBe(compiledSchema(schema));
  expect(compiledSchema(schema)).not.toBe(schema);
});

test('no code is generated if zod’s `jitless` is set', () => {
  z.config({ jitless: true });
  try {
    const schema = z.object({});
    expect(compiledSchema(schema)).toBe(schema);
  } finally {
    z.config({ jitless: false });
  }
});
