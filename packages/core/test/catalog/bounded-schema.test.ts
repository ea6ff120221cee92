import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defaultMaxItems, defaultMaxLength } from '../../src/catalog/bounded-schema.ts';
import { strictSchema } from '../../src/catalog/strict-schema.ts';
import { validateInput } from '../../src/catalog/validate-input.ts';
import { ToolError } from '../../src/index.ts';

const accepts = (schema: z.ZodType, value: unknown): boolean => strictSchema(schema).safeParse(value).success;

test('a string and an array without a bound get one, at any depth', () => {
  const schema = z.object({ list: z.array(z.object({ text: z.string().optional(), mail: z.email().optional() })).default([]) });
  const text = 'x'.repeat(defaultMaxLength);
  expect(accepts(schema, { list: Array(defaultMaxItems).fill({}) })).toBe(true);
  expect(accepts(schema, { list: Array(defaultMaxItems + 1).fill({}) })).toBe(false);
  expect(accepts(schema, { list: [{ text }] })).toBe(true);
  expect(accepts(schema, { list: [{ text: `${text}x` }] })).toBe(false);
  expect(accepts(schema, { list: [{ mail: `${text}@example.com` }] })).toBe(false);
});

test('every kind of string and list has a bound', () => {
  const long = 'x'.repeat(2 ** 20);
  const strings = [
    z.url(),
    z.email(),
    z.templateLiteral(['a', z.string()]),
    z.stringFormat('any', () => true),
    z.string().trim(),
    z.coerce.string(),
  ];
  for (const schema of strings) expect(accepts(schema, schema === strings[0] ? `https://example.com/${long}` : `a${long}`)).toBe(false);
  expect(accepts(z.tuple([z.int()], z.int()), Array(defaultMaxItems + 1).fill(1))).toBe(false);
  expect(accepts(z.record(z.string(), z.int()), { [long]: 1 })).toBe(false);
  expect(accepts(z.record(z.string(), z.int()), { a: 1 })).toBe(true);
});

test('a bound of the author’s own holds instead, also a larger one', () => {
  const long = 'x'.repeat(defaultMaxLength + 1);
  expect(accepts(z.object({ text: z.string().max(20_000) }), { text: long })).toBe(true);
  expect(accepts(z.object({ text: z.string().length(long.length) }), { text: long })).toBe(true);
  expect(accepts(z.object({ list: z.array(z.int()).max(2_000) }), { list: Array(2_000).fill(1) })).toBe(true);
  expect(accepts(z.object({ list: z.array(z.int()).max(2) }), { list: [1, 2, 3] })).toBe(false);
});

test('an array is parsed as zod parses it, with any content', () => {
  const item = z.union([z.string().max(3), z.object({ a: z.int(), b: z.array(z.boolean()).max(2).optional() })]);
  const value = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.record({ a: fc.oneof(fc.integer(), fc.string()), b: fc.array(fc.boolean()) }, { requiredKeys: [] }),
  );
  const plain = z.array(item).min(1).max(20);
  const strict = strictSchema(plain);
  fc.assert(
    fc.property(fc.array(value, { maxLength: 25 }), (list) => {
      const [ours, zods] = [strict.safeParse(list), plain.safeParse(list)];
      expect(ours.success).toBe(zods.success);
      expect(ours.data).toEqual(zods.data);
      const paths = (issues: readonly z.core.$ZodIssue[] = []) => issues.map(({ path, code }) => [path, code]).slice(0, 10);
      expect(paths(ours.error?.issues)).toEqual(paths(zods.error?.issues));
    }),
  );
});

test('a transform in an array sees its items, and an array in a union may still fit', () => {
  const doubled = z.array(z.int().transform((n) => n * 2)).max(50);
  expect(strictSchema(doubled).parse(Array(20).fill(2))).toEqual(Array(20).fill(4));
  const either = z.union([z.array(z.int()).max(50), z.array(z.string()).max(50)]);
  expect(strictSchema(either).parse(Array(30).fill('a'))).toEqual(Array(30).fill('a'));
});

test('a record is parsed as zod parses it, with any content', () => {
  const record = z.record(z.string().max(3), z.union([z.int(), z.record(z.string(), z.boolean())]));
  const value = fc.oneof(fc.integer(), fc.string(), fc.dictionary(fc.string(), fc.oneof(fc.boolean(), fc.integer())));
  const strict = strictSchema(record);
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 4 }), value, { maxKeys: 30 }), (object) => {
      const [ours, zods] = [strict.safeParse(object), record.safeParse(object)];
      expect(ours.success).toBe(zods.success);
      expect(ours.data).toEqual(zods.data);
    }),
  );
});

const bad = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'x']));

test.each<[string, (item: z.ZodType) => z.ZodType, unknown]>([
  ['a list', (item) => z.array(item), Array(1_000).fill('x')],
  ['a record', (item) => z.record(z.string(), item), bad(1_000)],
  [
    'a record of records',
    (item) => z.record(z.string(), z.record(z.string(), item)),
    Object.fromEntries(Array.from({ length: 20 }, (_, n) => [n, bad(999)])),
  ],
  ['a list of records of lists', (item) => z.array(z.record(z.string(), z.array(item))), Array(20).fill({ a: Array(900).fill('x') })],
])('reads %s no further than its tenth problem', (_name, schemaOf, value) => {
  let read = 0;
  const item = z.string().refine(() => {
    read += 1;
    return false;
  });
  const input = z.object({ value: schemaOf(item) });
  const entry = { name: 'acme_do_it', inputSchema: z.toJSONSchema(input) as Record<string, unknown>, tool: { input } };
  expect(() => validateInput(entry, { value })).toThrow(ToolError);
  // The compiled schema reads one item, and the schema that explains reads ten.
  expect(read).toBeLessThanOrEqual(11);
});

test('does not read the items of a list that is too long', () => {
  let read = 0;
  const item = z.string().refine(() => (read += 1) > 0);
  const strict = strictSchema(
    z
      .array(item)
      .min(1)
      .max(10)
      .superRefine(() => void (read += 1)),
  );
  expect(strict.safeParse(Array(1_000).fill('x')).error?.issues.map(({ code }) => code)).toEqual(['too_big']);
  expect(read).toBe(0);
});
