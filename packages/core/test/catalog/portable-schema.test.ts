import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { portableSchema } from '../../src/catalog/portable-schema.ts';
import type { Schema } from '../../src/index.ts';
import { brokenRules } from './vendor-rules.ts';

const own = (jsonSchema: object): Schema => ({ jsonSchema, parse: (value: unknown) => value });

/** Returns the wire form of one described property. */
function wire(schema: z.ZodType, io: 'input' | 'output' = 'input'): unknown {
  const { jsonSchema, problems } = portableSchema(
    z.object({ a: schema.meta()?.description === undefined ? schema.describe('It') : schema }),
    io,
  );
  expect(problems).toEqual([]);
  return (jsonSchema['properties'] as { a: unknown }).a;
}

/** Returns the problems of one property. */
function problemsOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): readonly string[] {
  return portableSchema(z.object({ a: schema }), io).problems;
}

const Person = z.object({
  email: z.email().describe('Where to write to'),
  name: z.string().optional().describe('Without it the e-mail is shown'),
});

/** A schema of each kind, with values that its validator accepts. */
const zoo: [string, z.ZodType, unknown[]][] = [
  ['string', z.string().min(1).max(255), ['x', 'y'.repeat(255)]],
  ['pattern', z.string().regex(/^[a-z]+$/), ['abc']],
  [
    'two patterns',
    z
      .string()
      .regex(/^[a-z]+$/)
      .regex(/b/),
    ['abc'],
  ],
  ['email', z.email(), ['a@b.co']],
  ['email and pattern', z.email().regex(/b\.co$/), ['a@b.co']],
  ['uri', z.url(), ['https://a.example/']],
  ['uuid', z.uuid(), ['9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d']],
  ['date-time', z.iso.datetime(), ['2026-01-01T00:00:00Z']],
  ['date', z.iso.date(), ['2026-01-01']],
  ['a format that vendors do not know', z.ipv4(), ['127.0.0.1']],
  ['base64', z.base64(), ['aGk=']],
  ['template', z.templateLiteral(['id-', z.number()]), ['id-1']],
  ['number', z.number().gt(0).lt(10).multipleOf(0.5), [0.5, 9.5]],
  ['integer', z.int(), [-5, 2 ** 40]],
  ['positive integer', z.int().positive().max(100), [1, 100]],
  ['int32', z.int32(), [-1]],
  ['boolean', z.boolean(), [true, false]],
  ['string literal', z.literal('a'), ['a']],
  ['numeric literals', z.literal([1, 2.5]), [1, 2.5]],
  ['true', z.literal(true), [true]],
  ['mixed literals', z.literal(['a', 1, true, null]), ['a', 1, true, null]],
  ['enum', z.enum(['a', 'b']), ['a']],
  ['nullable enum', z.enum(['a', 'b']).nullable(), ['a', null]],
  ['nullable string', z.string().max(9).nullable(), ['x', null]],
  ['nullable object', Person.nullable(), [{ email: 'a@b.co' }, null]],
  ['null', z.null(), [null]],
  ['array', z.array(z.string().max(3)).min(1).max(5), [['a']]],
  ['array of anything', z.array(z.unknown()), [['a', 1, { b: 2 }, [1], null]]],
  ['tuple', z.tuple([z.string(), z.number()]), [['a', 1]]],
  ['tuple with rest', z.tuple([z.string()], z.number()), [['a', 1, 2]]],
  ['union of scalars', z.union([z.string(), z.number()]), ['a', 1]],
  ['union of literals', z.union([z.literal('a'), z.literal('b'), z.null()]), ['a', null]],
  ['union in a union', z.union([z.union([z.string(), z.number()]), z.array(z.string())]), ['a', 1, ['b']]],
  [
    'discriminated union',
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a').describe('Which') }),
      z.object({ kind: z.literal('b').describe('Which'), n: z.number().describe('How many') }),
    ]),
    [{ kind: 'a' }, { kind: 'b', n: 1 }],
  ],
  [
    'intersection',
    z.intersection(z.object({ a: z.string().describe('A') }), z.object({ b: z.string().describe('B') })),
    [{ a: '1', b: '2' }],
  ],
  ['loose object', z.looseObject({ a: z.string().describe('A') }), [{ a: '1', more: 2 }]],
  ['strict object', z.strictObject({ a: z.string().describe('A') }), [{ a: '1' }]],
  ['catchall', z.object({ a: z.string().describe('A') }).catchall(z.number()), [{ a: '1', more: 2 }]],
  ['free-form map', z.record(z.string(), z.unknown()).describe('For example {"color": "red"}'), [{ x: [1] }]],
  ['map of numbers', z.record(z.string(), z.number()).describe('For example {"red": 1}'), [{ x: 1 }]],
  ['map with known keys', z.record(z.enum(['a', 'b']), z.number()).describe('For example {"a": 1, "b": 2}'), [{ a: 1, b: 2 }]],
  ['default', z.number().default(5), [1]],
  ['optional', z.string().optional(), ['x']],
  ['anything', z.unknown(), ['x', 1, null, { a: 1 }, ['b']]],
  ['never', z.never().optional(), []],
  ['lenient', z.string().catch('x'), ['y']],
  ['preprocessed', z.preprocess((value) => value, z.string()), ['y']],
  ['objects in arrays', z.array(Person).max(3), [[{ email: 'a@b.co', name: 'Ann' }]]],
];

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

test.each(zoo)(
  'the wire form of %s keeps every rule for inputs and outputs, and accepts the values that its validator accepts',
  (_, schema, values) => {
    const described = z.object({ a: schema.meta()?.description === undefined ? schema.describe('It') : schema });
    for (const io of ['input', 'output'] as const) {
      const { jsonSchema, problems } = portableSchema(described, io);
      expect(problems).toEqual([]);
      expect(brokenRules(jsonSchema, io)).toEqual([]);
      const fits = ajv.compile(jsonSchema);
      for (const a of values) {
        const output = described.parse({ a });
        expect(fits(io === 'input' ? { a } : output), `${io} ${JSON.stringify(a)} ${JSON.stringify(fits.errors)}`).toBe(true);
      }
    }
  },
);

test('the wire form of a schema is computed once, and equal schemas have the same bytes', () => {
  const schema = z.object({ b: z.string().describe('B'), a: z.string().describe('A') });
  expect(portableSchema(schema, 'input')).toBe(portableSchema(schema, 'input'));
  const again = z.object({ b: z.string().describe('B'), a: z.string().describe('A') });
  expect(JSON.stringify(portableSchema(again, 'input'))).toBe(JSON.stringify(portableSchema(schema, 'input')));
});

test('constants become enums of strings, and descriptions list numbers', () => {
  expect(wire(z.literal('a'))).toEqual({ type: 'string', enum: ['a'], description: 'It' });
  expect(wire(z.literal([3, 1]))).toEqual({ type: 'integer', minimum: 1, maximum: 3, description: 'It. One of 3, 1.' });
  expect(wire(z.literal(true))).toEqual({ type: 'boolean', description: 'It. Always true.' });
  expect(wire(z.union([z.literal('a'), z.literal('b')]))).toEqual({ type: 'string', enum: ['a', 'b'], description: 'It' });
});

test('null becomes a second type, or an alternative beside an enum', () => {
  expect(wire(z.string().nullable())).toEqual({ type: ['string', 'null'], description: 'It' });
  expect(wire(z.enum(['a']).nullable())).toEqual({ anyOf: [{ type: 'string', enum: ['a'] }, { type: 'null' }], description: 'It' });
});

test.each<[z.ZodType, string]>([
  [z.string().max(255), 'At most 255 characters.'],
  [z.string().min(1), 'Not empty.'],
  [z.string().min(2).max(4), '2 to 4 characters.'],
  [z.string().length(3), 'Exactly 3 characters.'],
  [z.int().min(1).max(100), '1 to 100.'],
  [z.int().positive(), 'At least 1.'],
  [z.int().lt(10), 'At most 9.'],
  [z.number().gt(0), 'More than 0.'],
  [z.number().lt(1.5), 'Less than 1.5.'],
  [z.number().multipleOf(5), 'A multiple of 5.'],
  [z.array(z.string()).min(1), 'Not empty.'],
  [z.array(z.string()).min(2).max(5), '2 to 5 items.'],
  [z.array(z.string()).max(1), 'At most 1 item.'],
  [z.ipv4(), 'Format: ipv4.'],
  [z.string().regex(/^a+$/), 'Pattern: ^a+$.'],
  [z.boolean().default(false), 'Default: false.'],
  [z.tuple([z.string(), z.int()]), 'In this order: string, integer. Exactly 2 items.'],
  [z.string().max(9).nullable(), 'At most 9 characters.'],
  [z.string().meta({ examples: ['x'] }), 'For example "x".'],
])('description %# says: %s', (schema, words) => {
  expect((wire(schema) as { description: string }).description).toBe(`It. ${words}`);
});

test('the description does not repeat facts from the author’s text', () => {
  for (const [schema, description] of [
    [z.string().max(65_535), 'The text, at most 65,535 characters'],
    [z.int().min(1).max(100).default(25), 'How many, 1 to 100, 25 by default'],
    [z.string().min(1), 'Must not be empty'],
    [z.number().gt(0), 'A positive amount'],
    [z.ipv4(), 'An IPv4 address'],
  ] as const) {
    expect((wire(schema.describe(description)) as { description: string }).description).toBe(description);
  }
});

test('a longer number in the author’s text does not count as a bound', () => {
  expect((wire(z.string().max(10).describe('One of 100 names')) as { description: string }).description).toBe(
    'One of 100 names. At most 10 characters.',
  );
});

test('patterns beside a format, long patterns and patterns with lookarounds are left out', () => {
  expect(wire(z.email())).toEqual({ type: 'string', format: 'email', description: 'It' });
  expect(wire(z.string().regex(/^(?!x)y/))).toEqual({ type: 'string', description: 'It' });
  expect(wire(z.string().regex(new RegExp('x'.repeat(101))))).toEqual({ type: 'string', description: 'It' });
  expect(wire(z.email().regex(/b\.co$/))).toMatchObject({ pattern: 'b\\.co$' });
});

test('an input is closed to unknown keys, and an output is open to new keys', () => {
  const schema = z.object({ a: z.string().describe('A') });
  expect(portableSchema(schema, 'input').jsonSchema['additionalProperties']).toBe(false);
  expect(portableSchema(schema, 'output').jsonSchema).not.toHaveProperty('additionalProperties');
});

test('a property with a default is optional in an input and required in an output', () => {
  const schema = z.object({ a: z.number().default(5).describe('A') });
  expect(portableSchema(schema, 'input').jsonSchema['required']).toBeUndefined();
  expect(portableSchema(schema, 'output').jsonSchema['required']).toEqual(['a']);
});

test('a date is an ISO date-time in an output, and in an input if it is coerced', () => {
  expect(wire(z.date(), 'output')).toEqual({ type: 'string', format: 'date-time', description: 'It' });
  expect(wire(z.coerce.date())).toEqual({ type: 'string', format: 'date-time', description: 'It' });
  expect(problemsOf(z.date().describe('It'))[0]).toMatch(/^a has a type that JSON does not have.*z\.iso\.datetime\(\)/);
});

test('undefined is not an alternative', () => {
  expect(wire(z.union([z.string(), z.undefined()]))).toEqual({ type: 'string', description: 'It' });
});

test.each<[string, z.ZodType, RegExp]>([
  ['a missing description', z.string(), /^a has no description\. Add \.describe/],
  [
    'a missing description of a nested property',
    z.object({ b: z.array(z.object({ c: z.string() })).describe('B') }).describe('A'),
    /^a\.b\[\]\.c has no description/,
  ],
  ['a map without an example', z.record(z.string(), z.string()).describe('Colours'), /^a is a free-form map without an example/],
  [
    'a name that vendors refuse',
    z.object({ 'two words': z.string().describe('x') }).describe('A'),
    /^a\.two words has a name that is not accepted/,
  ],
  ['a big integer', z.bigint().describe('A'), /^a has a type that JSON does not have: BigInt.*string of digits/],
  ['a set', z.set(z.string()).describe('A'), /^a has a type .* z\.array/],
  ['a map object', z.map(z.string(), z.string()).describe('A'), /^a has a type .* z\.record/],
  ['a custom type', z.array(z.custom<string>()).describe('A'), /^a\[\] has a type .* strings, numbers/],
])('the problem of %s has its path and says what to do', (_, schema, problem) => {
  expect(problemsOf(schema).some((text) => problem.test(text))).toBe(true);
});

test('the problem of a transformation asks for its output', () => {
  const text = z.string().transform((value) => value.length);
  expect(problemsOf(text, 'output')[0]).toMatch(/\.pipe\(z\.string\(\)\)/);
  expect(problemsOf(text.pipe(z.number()), 'output')).toEqual([]);
});

test('an output needs no descriptions', () => {
  expect(problemsOf(z.object({ b: z.string() }), 'output')).toEqual([]);
});

test('a schema that contains itself is refused', () => {
  const Tree = z.object({
    name: z.string().describe('N'),
    get children() {
      return z.array(Tree).optional().describe('C');
    },
  });
  expect(portableSchema(Tree, 'input').problems).toEqual([
    'children[] contains itself, and references are not followed. Give it a fixed depth, or make it a free-form map.',
  ]);
});

test('more than five levels of objects are refused', () => {
  let schema = z.object({ leaf: z.string().describe('L') });
  for (let level = 0; level < 4; level += 1) schema = z.object({ in: z.array(schema).describe('I') }) as never;
  expect(portableSchema(schema, 'input').problems).toEqual([]);
  expect(portableSchema(z.object({ in: schema.describe('I') }), 'input').problems).toEqual([
    'in.in[].in[].in[].in[] is an object 6 levels deep; the limit is 5. Flatten it, or make it a free-form map.',
  ]);
});

test('more than a hundred properties in all are refused', () => {
  const many = (count: number) =>
    z.object(Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, z.string().describe('P')])));
  expect(portableSchema(many(100), 'input').problems).toEqual([]);
  expect(portableSchema(z.object({ a: many(100).describe('A') }), 'input').problems[0]).toMatch(/^the schema has 101 properties in all/);
});

test('references in a plugin’s own JSON Schema are written out in place', () => {
  const { jsonSchema, problems } = portableSchema(
    own({
      type: 'object',
      properties: { from: { $ref: '#/$defs/person' }, to: { $ref: '#/definitions/a~1b', description: 'To' } },
      required: ['from'],
      $defs: {
        person: { type: 'object', description: 'A person', properties: { name: { $ref: '#/$defs/name' } } },
        name: { type: 'string', description: 'N' },
      },
      definitions: { 'a/b': { type: 'string', format: 'hostname' } },
    }),
    'input',
  );
  expect(problems).toEqual([]);
  expect(jsonSchema).toEqual({
    type: 'object',
    properties: {
      from: {
        type: 'object',
        description: 'A person',
        properties: { name: { type: 'string', description: 'N' } },
        additionalProperties: false,
      },
      to: { type: 'string', description: 'To. Format: hostname.' },
    },
    required: ['from'],
    additionalProperties: false,
  });
});

test('allOf is merged, and keywords that only the validator can check are left out', () => {
  const { jsonSchema, problems } = portableSchema(
    own({
      type: 'object',
      allOf: [
        { properties: { a: { type: ['string', 'integer'], description: 'A', maxLength: 3 } } },
        { properties: { b: { description: 'B', minimum: 2, maximum: 4 } }, required: ['b'] },
      ],
      properties: {
        c: { type: 'object', description: 'C', properties: { x: { title: 'X', type: 'string' } }, anyOf: [{ required: ['x'] }] },
      },
      required: ['a'],
      if: { required: ['a'] },
    }),
    'input',
  );
  expect(problems).toEqual([]);
  expect(brokenRules(jsonSchema, 'input')).toEqual([]);
  expect(jsonSchema['required']).toEqual(['a', 'b']);
  expect(jsonSchema['properties']).toEqual({
    a: { anyOf: [{ type: 'string', description: 'At most 3 characters', maxLength: 3 }, { type: 'integer' }], description: 'A' },
    b: { type: 'number', description: 'B. 2 to 4.', minimum: 2, maximum: 4 },
    c: { type: 'object', description: 'C', properties: { x: { type: 'string', description: 'X' } }, additionalProperties: false },
  });
});

test.each<[string, object, RegExp]>([
  ['alternatives at the root', { type: 'object', properties: {}, anyOf: [{ required: ['a'] }] }, /has anyOf at its root/],
  ['a root that is not an object', { type: 'string' }, /is not an object with properties/],
  ['an empty schema', {}, /is not an object with properties/],
  [
    'a reference outside the schema',
    { type: 'object', properties: { a: { $ref: 'https://a.example/x', description: 'A' } } },
    /a refers to https:\/\/a\.example\/x, which is not in the schema/,
  ],
  ['a root that contains itself', { type: 'object', properties: { a: { $ref: '#', description: 'A' } } }, /a contains itself/],
])('%s in a plugin’s own JSON Schema is refused', (_, jsonSchema, problem) => {
  expect(portableSchema(own(jsonSchema), 'input').problems.join('\n')).toMatch(problem);
});

test('an array without items and a map with patterns become forms that vendors accept', () => {
  const { jsonSchema, problems } = portableSchema(
    own({
      type: 'object',
      properties: {
        list: { type: 'array', description: 'L', uniqueItems: true },
        map: { type: 'object', description: 'For example {"x-1": 1}', patternProperties: { '^x-': {} } },
      },
    }),
    'input',
  );
  expect(problems).toEqual([]);
  expect(brokenRules(jsonSchema, 'input')).toEqual([]);
  expect(jsonSchema['properties']).toMatchObject({
    list: { description: 'L. No item twice.' },
    map: { type: 'object', additionalProperties: true },
  });
});
