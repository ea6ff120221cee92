import { expect, test } from 'vitest';
import { z } from 'zod';
import { secret } from '../../src/index.ts';
import { withoutSecrets } from '../../src/catalog/without-secrets.ts';

const text = secret(z.string());
const gone = '[redacted]';

const zodCases: readonly (readonly [string, z.ZodObject, unknown, unknown])[] = [
  ['a field', z.object({ a: text, b: z.string() }), { a: 's', b: 'open' }, { a: gone, b: 'open' }],
  [
    'an optional, a nullable and a defaulted field',
    z.object({ a: text.optional(), b: text.nullable(), c: text.default('d'), d: text.optional() }),
    { a: 's', b: null, c: 's' },
    { a: gone, b: null, c: gone },
  ],
  ['a number and a flag', z.object({ a: secret(z.number()), b: secret(z.boolean()) }), { a: 4711, b: false }, { a: gone, b: gone }],
  [
    'a nested field',
    z.object({ a: z.object({ b: z.object({ c: text, d: z.number() }) }) }),
    { a: { b: { c: 's', d: 1 } } },
    { a: { b: { c: gone, d: 1 } } },
  ],
  ['a whole object', z.object({ a: secret(z.object({ b: z.string() })) }), { a: { b: 's' } }, { a: gone }],
  [
    'the items of a list',
    z.object({ a: z.array(text), b: z.array(z.object({ c: text })) }),
    { a: ['s', 't'], b: [{ c: 's' }] },
    { a: [gone, gone], b: [{ c: gone }] },
  ],
  ['one item of a tuple', z.object({ a: z.tuple([z.string(), text]) }), { a: ['open', 's'] }, { a: ['open', gone] }],
  ['the values of a record', z.object({ a: z.record(z.string(), text) }), { a: { any: 's' } }, { a: { any: gone } }],
  ['an alternative', z.object({ a: z.union([z.number(), text]) }), { a: 's' }, { a: gone }],
  [
    'a field that is secret in one alternative, even in the other alternatives',
    z.object({
      a: z.discriminatedUnion('kind', [z.object({ kind: z.literal('x'), v: text }), z.object({ kind: z.literal('y'), v: z.string() })]),
    }),
    { a: { kind: 'y', v: 'perhaps' } },
    { a: { kind: 'y', v: gone } },
  ],
  [
    'one part of an intersection',
    z.object({ a: z.intersection(z.object({ b: z.string() }), z.object({ b: text })) }),
    { a: { b: 's' } },
    { a: { b: gone } },
  ],
  [
    'a transformed and a preprocessed field',
    z.object({ a: text.transform((value) => value.length), b: z.preprocess(String, text) }),
    { a: 's', b: 5 },
    { a: gone, b: gone },
  ],
  [
    'a schema that is used twice',
    z.object({ a: text, b: z.object({ c: text }) }).extend({ d: z.lazy(() => text) }),
    { a: 's', b: { c: 's' }, d: 's' },
    { a: gone, b: { c: gone }, d: gone },
  ],
];

test.each(zodCases)('a schema redacts %s', (_, schema, args, redacted) => {
  expect(withoutSecrets(schema)(args)).toEqual(redacted);
});

const marked = { type: 'string', writeOnly: true };
const rawCases: readonly (readonly [string, object, unknown, unknown])[] = [
  ['properties', { properties: { a: marked, b: {} } }, { a: 's', b: 'open' }, { a: gone, b: 'open' }],
  ['the target of a reference', { properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: marked } }, { a: 's' }, { a: gone }],
  [
    'the target of a reference with an escaped name',
    { properties: { a: { $ref: '#/$defs/x~1y~0%20z' } }, $defs: { 'x/y~ z': marked } },
    { a: 's' },
    { a: gone },
  ],
  [
    'a schema that refers to itself',
    { properties: { child: { $ref: '#' }, both: { anyOf: [{ $ref: '#' }, { $ref: '#' }] }, a: marked } },
    { child: { child: { a: 's', b: 1 } }, both: { both: { a: 's' } } },
    { child: { child: { a: gone, b: 1 } }, both: { both: { a: gone } } },
  ],
  ['pattern properties', { patternProperties: { '^x': marked } }, { xa: 's' }, { xa: gone }],
  ['only additional properties', { properties: { a: {} }, additionalProperties: marked }, { a: 'open', b: 's' }, { a: 'open', b: gone }],
  [
    'a field that is secret under a condition',
    // Parsed from text, because an object literal with `then` looks like a promise.
    JSON.parse('{"if":{},"then":{"properties":{"a":{"writeOnly":true}}},"else":{"properties":{"b":{"writeOnly":true}}}}') as object,
    { a: 's', b: 's', c: 1 },
    { a: gone, b: gone, c: 1 },
  ],
  ['a part of allOf', { allOf: [{ properties: { a: marked } }] }, { a: 's' }, { a: gone }],
];

test.each(rawCases)('a JSON Schema redacts %s', (_, jsonSchema, args, redacted) => {
  expect(withoutSecrets({ jsonSchema, parse: (value: unknown) => value })(args)).toEqual(redacted);
});

test('a schema without marks returns the arguments themselves', () => {
  const args = { a: { b: ['x'] } };
  expect(withoutSecrets(z.object({ a: z.any() }))(args)).toBe(args);
});

test('the original arguments never change', () => {
  const args = { a: 's', b: ['open'] };
  withoutSecrets(z.object({ a: text, b: z.array(z.string()) }))(args);
  expect(args).toEqual({ a: 's', b: ['open'] });
});

test('values deeper than 20 levels are redacted', () => {
  let args: unknown = 'deep';
  for (let level = 0; level < 21; level += 1) args = { child: args };
  const redacted = JSON.stringify(withoutSecrets({ jsonSchema: { properties: { a: marked } }, parse: (value: unknown) => value })(args));
  expect(redacted).not.toContain('deep');
  expect(redacted).toContain(gone);
});

test('a schema with several references to itself is read once for each level, not for each path', () => {
  const jsonSchema = {
    anyOf: [
      { properties: { child: { $ref: '#' } } },
      { properties: { child: { $ref: '#' } } },
      { properties: { child: { $ref: '#' }, a: marked } },
    ],
  };
  let args: unknown = { a: 's' };
  for (let level = 0; level < 18; level += 1) args = { child: args };
  expect(JSON.stringify(withoutSecrets({ jsonSchema, parse: (value: unknown) => value })(args))).toContain(gone);
}, 2_000);
