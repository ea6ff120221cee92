import { expect, test } from 'vitest';
import { z } from 'zod';
import { refusal } from '../support/input-of.ts';

const Status = z.enum(['open', 'new', 'solved']);
const Search = z.object({
  status: z.array(Status).max(6).optional().describe('Status'),
  either: z
    .union([Status, z.array(Status).max(6)])
    .optional()
    .describe('One or several'),
  name: z
    .string()
    .min(3)
    .regex(/^[a-z]+$/)
    .optional()
    .describe('Name'),
  count: z.number().min(1).max(9).optional().describe('Count'),
  open: z.boolean().optional().describe('Open'),
  place: z
    .object({ city: z.string().describe('City') })
    .optional()
    .describe('Place'),
});

test('a list or an object that arrives as a broken JSON text has one line, which says to pass the value itself', () => {
  expect(refusal(Search, { status: '["open",]', either: "['open']", place: '{city: "Bern"}' })).toEqual([
    'status: must be an array, not a string: pass the array itself, not its JSON text',
    'either: must be an array, not a string: pass the array itself, not its JSON text',
    'place: must be an object, not a string: pass the object itself, not its JSON text',
  ]);
});

test('a text that is not the JSON of the expected type has no hint', () => {
  expect(refusal(Search, { status: 'open', place: '[1]', count: 'five' })).toEqual([
    'status: must be an array, not a string',
    'count: must be a number, not a string',
    'place: must be an object, not a string',
  ]);
});

test('a value of another type has one line, and no line about its length', () => {
  expect(refusal(z.object({ text: z.string().max(2).describe('Text') }), { text: ['a', 'b', 'c'] })).toEqual([
    'text: must be a string, not an array',
  ]);
});

test('two faults of one input share a line', () => {
  expect(refusal(Search, { name: 'A' })).toEqual(['name: must have at least 3 characters; must match the pattern ^[a-z]+$']);
});

const scalar = z.union([z.string().max(4_000), z.number(), z.boolean(), z.null()]);
const Bound = z.object({
  value: z
    .union([
      scalar,
      z.array(scalar).min(1).max(500),
      z.strictObject({ date: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).describe('Date') }),
      z.strictObject({ contains: z.string().max(200).describe('Words') }),
    ])
    .describe('Value'),
});

test('the line about a union describes the alternative whose type matches the value, inside nested unions too', () => {
  expect(refusal(Bound, { value: { date: '2026-03-01T09:30:00' } })).toEqual([
    'value.date: must be a date such as 2026-03-01, or a date and time with a time zone such as 2026-03-01T09:30:00Z',
  ]);
  expect(refusal(Bound, { value: { contains: 5 } })).toEqual(['value.contains: must be a string, not a number']);
  expect(refusal(Bound, { value: [{ date: '2026-03-01' }] })).toEqual([
    'value[0]: must be a string, a number, a boolean or null, not an object',
  ]);
  expect(refusal(Bound, { value: [] })).toEqual(['value: must have at least 1 item']);
});

test('the line about a union names all types if none matches', () => {
  const Values = z.object({
    value: z
      .union([scalar, z.strictObject({ a: z.string().describe('A') }), Status])
      .optional()
      .describe('Value'),
  });
  expect(refusal(Values, { value: [1] })).toEqual([
    'value: must be a string, a number, a boolean, null, an object or one of "open", "new", "solved", not an array',
  ]);
  expect(refusal(z.object({ either: z.union([Status, z.array(Status).max(6)]).describe('E') }), { either: 5 })).toEqual([
    'either: must be one of "open", "new", "solved" or an array, not a number',
  ]);
});

test('the line about a missing value with several alternatives says that it is missing', () => {
  expect(refusal(Bound, {})).toEqual(['value: is missing; it must be a string, a number, a boolean, null, an array or an object']);
});

test('an alternative whose literal matches comes before an alternative with fewer faults', () => {
  const Step = z.object({
    step: z
      .union([
        z.object({ kind: z.literal('wait').describe('Kind') }),
        z.object({ kind: z.literal('send').describe('Kind'), to: z.string().describe('To'), text: z.string().describe('Text') }),
      ])
      .describe('Step'),
  });
  expect(refusal(Step, { step: { kind: 'send' } })).toEqual([
    'step.to: is missing; it must be a string',
    'step.text: is missing; it must be a string',
  ]);
});

test('an unknown kind of a discriminated union has a line with the known kinds', () => {
  const Step = z.object({
    step: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('wait').describe('Kind') }),
        z.object({ kind: z.literal('send').describe('Kind') }),
      ])
      .describe('Step'),
  });
  expect(refusal(Step, { step: { kind: 'sned' } })).toEqual(['step.kind: must be one of "wait", "send"; did you mean "send"?']);
});

test.each([
  [z.string().max(2), 'abc', 'must have at most 2 characters'],
  [z.string().min(1), '', 'must not be empty'],
  [z.string().length(2), 'abc', 'must have exactly 2 characters'],
  [z.array(z.int()).max(1), [1, 2], 'must have at most 1 item'],
  [z.array(z.int()).length(2), [1], 'must have exactly 2 items'],
  [z.number().max(5), 6, 'must be at most 5'],
  [z.number().lt(5), 5, 'must be less than 5'],
  [z.number().min(5), 4, 'must be at least 5'],
  [z.number().gt(5), 5, 'must be more than 5'],
  [z.number().multipleOf(5), 4, 'must be a multiple of 5'],
  [z.email(), 'a', 'must be an e-mail address such as ada@example.com'],
  [z.url(), 'a', 'must be a URL such as https://example.com'],
  [z.uuid(), 'a', 'must be a UUID such as 123e4567-e89b-42d3-a456-426614174000'],
  [z.iso.date(), '1.3.2026', 'must be a date such as 2026-03-01'],
  [z.iso.time(), 'noon', 'must be a time such as 09:30:00'],
  [z.string().startsWith('a'), 'b', 'must start with "a"'],
  [z.string().endsWith('a'), 'b', 'must end with "a"'],
  [z.string().includes('a'), 'b', 'must contain "a"'],
  [z.ipv4(), 'a', 'must be a valid ipv4'],
])('fault %# is described in plain words', (schema, value, words) => {
  expect(refusal(z.object({ a: schema.describe('A') }), { a: value })).toEqual([`a: ${words}`]);
});

test('the line about a key of a map says what is wrong with the key', () => {
  const Map = z.object({ map: z.record(z.string().max(3), z.int()).describe('e.g. {"a": 1}') });
  expect(refusal(Map, { map: { long: 1 } })).toEqual(['map.long: this key must have at most 3 characters']);
});

test('a number that JavaScript cannot keep exactly is refused at any depth', () => {
  const Any = z.object({
    id: z.number().optional().describe('Id'),
    any: z.unknown().optional().describe('Any value'),
    map: z.record(z.string(), z.unknown()).optional().describe('e.g. {"a": 1}'),
  });
  const args = (json: string) => JSON.parse(json) as unknown;
  const words = 'has more digits than a JSON number keeps. Pass it as a string, if this input takes one';
  expect(refusal(Any, args('{"id":12345678901234567890}'))).toEqual([`id: ${words}`]);
  expect(refusal(Any, args('{"any":[{"a":-9007199254740993}]}'))).toEqual([`any[0].a: ${words}`]);
  expect(refusal(Any, args('{"map":{"a":1e400}}'))).toEqual([`map.a: ${words}`]);
  expect(
    refusal(
      { jsonSchema: { type: 'object', properties: {}, additionalProperties: true }, parse: (value: unknown) => value },
      args('{"a":9007199254740993}'),
    ),
  ).toEqual([`a: ${words}`]);
});
