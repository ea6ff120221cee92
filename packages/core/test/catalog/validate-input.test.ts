import { expect, test } from 'vitest';
import { z } from 'zod';
import { closest } from '../../src/catalog/closest.ts';
import { ToolError, type Schema } from '../../src/index.ts';
import { inputOf, refusal } from '../support/input-of.ts';

const Ticket = z.object({
  subject: z.string().max(20).describe('Subject'),
  priority: z.enum(['low', 'normal', 'high']).default('normal').describe('Priority'),
  requester: z
    .object({ email: z.email().describe('E-mail'), name: z.string().optional().describe('Name') })
    .optional()
    .describe('Requester'),
  count: z.int().optional().describe('Count'),
});

test('valid arguments are returned parsed, with defaults', () => {
  expect(inputOf(Ticket).parse({ subject: 'Hello' })).toEqual({ input: { subject: 'Hello', priority: 'normal' }, connection: undefined });
});

test('absent arguments count as an empty object', () => {
  expect(inputOf(z.object({})).parse(undefined)).toEqual({ input: {}, connection: undefined });
});

test.each([[[]], ['text'], [5]])('%j is refused, because it is not an object', (args) => {
  expect(refusal(Ticket, args)).toEqual(['the arguments must be one JSON object']);
});

test('the connection is removed before the validation', () => {
  const { parse } = inputOf(z.strictObject({ a: z.string().describe('A') }), 'many');
  expect(parse({ a: 'x', connection: 'production' })).toEqual({ input: { a: 'x' }, connection: 'production' });
  expect(parse({ a: 'x' })).toEqual({ input: { a: 'x' }, connection: undefined });
});

test('`connection` must be a string, and is an unknown key if a tenant may have only one connection', () => {
  expect(refusal(Ticket, { subject: 'x', connection: 5 }, 'many')).toEqual(['connection: must be the name of a connection, as a string']);
  expect(refusal(Ticket, { subject: 'x', connection: 'a' })[0]).toMatch(/^unknown key "connection"/);
});

test('the refusal names what is missing, what is wrong and what is expected', () => {
  expect(refusal(Ticket, { priority: 'hihg', requester: { email: 5 }, count: 1.5 })).toEqual([
    'subject: is missing; it must be a string',
    'priority: must be one of "low", "normal", "high"; did you mean "high"?',
    'requester.email: must be a string, not a number',
    'count: must be an integer, not 1.5',
  ]);
});

test('an author’s own message comes before any other', () => {
  const schema = z.object({ a: z.string({ error: 'write a word' }).describe('A') }).refine(() => false, 'give a or b');
  expect(refusal(schema, { a: 5 })).toEqual(['a: write a word']);
  expect(refusal(schema, { a: 'x' })).toEqual(['give a or b']);
});

test('unknown keys are refused, with the closest key and the known keys', () => {
  expect(refusal(Ticket, { subject: 'x', Priority: 'low', zzz: 1 }, 'many')).toEqual([
    'unknown keys "Priority" (did you mean "priority"?), "zzz"; known are "subject", "priority", "requester", "count", "connection"',
  ]);
  expect(refusal(z.object({}), { a: 1 })).toEqual(['unknown key "a"; there are none']);
});

test('unknown keys are refused at every depth', () => {
  const Deep = z.object({
    list: z
      .array(z.object({ id: z.string().describe('Id') }))
      .optional()
      .describe('L'),
    map: z
      .record(z.string(), z.object({ id: z.string().describe('Id') }))
      .optional()
      .describe('e.g. {"a": {"id": "1"}}'),
    maybe: z
      .object({ id: z.string().describe('Id') })
      .nullable()
      .default(null)
      .describe('M'),
    pair: z
      .tuple([z.object({ id: z.string().describe('Id') })])
      .optional()
      .describe('P'),
    early: z
      .preprocess((value) => value, z.object({ id: z.string().describe('Id') }))
      .optional()
      .describe('E'),
    late: z
      .object({ id: z.string().describe('Id') })
      .transform(({ id }): { id: string } => Object.assign({ id }, { added: true }))
      .pipe(z.object({ id: z.string() }))
      .optional()
      .describe('L'),
  });
  const bad = { id: 'x', idd: 'y' };
  const lines = refusal(Deep, { list: [bad], map: { k: bad }, maybe: bad, pair: [bad], early: bad, late: bad });
  expect(lines.map((line) => line.split(':')[0])).toEqual(['list[0]', 'map.k', 'maybe', 'pair[0]', 'early', 'late']);
  for (const line of lines) expect(line).toContain('unknown key "idd" (did you mean "id"?); known are "id"');
  expect(inputOf(Deep).parse({ late: { id: 'x' } }).input).toEqual({ maybe: null, late: { id: 'x' } });
});

test('a loose object stays loose, and a union takes the alternative that fits', () => {
  const Schema = z.object({
    loose: z.looseObject({}).optional().describe('e.g. {"a": 1}'),
    either: z
      .union([z.object({ a: z.string().describe('A') }), z.object({ a: z.string().describe('A'), b: z.string().describe('B') })])
      .optional()
      .describe('Either'),
  });
  expect(inputOf(Schema).parse({ loose: { x: 1 }, either: { a: '1', b: '2' } }).input).toEqual({
    loose: { x: 1 },
    either: { a: '1', b: '2' },
  });
});

test('the refusal of a union shows the problems of the closest alternative, or lists the types', () => {
  const Schema = z.object({
    target: z
      .union([
        z.object({ id: z.int().describe('Id') }),
        z.object({ email: z.email().describe('E-mail'), name: z.string().describe('Name') }),
      ])
      .optional()
      .describe('Target'),
    value: z.union([z.string(), z.number()]).optional().describe('Value'),
    step: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('wait').describe('Kind') }),
        z.object({ kind: z.literal('send').describe('Kind') }),
      ])
      .optional()
      .describe('Step'),
  });
  expect(refusal(Schema, { target: { id: 'x' } })).toEqual(['target.id: must be a number, not a string']);
  expect(refusal(Schema, { value: true })).toEqual(['value: must be a string or a number, not a boolean']);
  expect(refusal(Schema, { step: { kind: 'sned' } })[0]).toMatch(/^step\.kind: .*"wait".*"send"/);
});

test('the refusal lists at most ten problems, each of a bounded length', () => {
  const Wide = z.object(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`p${n}`, z.string().describe('P')])));
  const lines = refusal(Wide, {});
  expect(lines).toHaveLength(11);
  expect(lines[10]).toBe('and 20 more');
  const Map = z.object({ map: z.record(z.string(), z.number()).describe('e.g. {"a": 1}') });
  const long = refusal(Map, { map: { ['k'.repeat(10_000)]: 'v'.repeat(10_000) }, ['u'.repeat(10_000)]: 1 }).join('\n');
  expect(long.length).toBeLessThan(1_000);
  expect(long).toContain('known are "map"');
  const names = Array.from({ length: 40 }, (_, n) => [`${'name'.repeat(14)}_${n}`, z.string().optional().describe('N')]);
  expect(refusal(z.object(Object.fromEntries(names)), { u: 1 })[0]).toHaveLength(300);
  const many = refusal(Wide, Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`u${n}`, 1])));
  expect(many.join('\n').length).toBeLessThan(10 * 301 + 20);
});

test('a key that JavaScript treats specially is refused like any other', () => {
  expect(refusal(Ticket, JSON.parse('{"subject":"x","__proto__":{"a":1}}'))[0]).toMatch(/^unknown key "__proto__"/);
  expect(refusal(Ticket, { subject: 'x', constructor: 1 })[0]).toMatch(/^unknown key "constructor"/);
});

test('the refusal never repeats an argument’s value', () => {
  const lines = refusal(Ticket, { subject: 'canary-secret'.repeat(9), priority: 'canary-secret', requester: { email: 'canary-secret' } });
  expect(lines).toHaveLength(3);
  expect(lines.join('\n')).not.toContain('canary-secret');
});

const own = (parse: (value: unknown) => unknown, extra: object = {}): Schema => ({
  jsonSchema: { type: 'object', properties: { query: { type: 'string', description: 'Q' } }, ...extra },
  parse,
});

test('a plugin’s own parser validates, and its message reaches the caller', () => {
  expect(inputOf(own((value) => ({ parsed: value }))).parse({ query: 'x' }).input).toEqual({ parsed: { query: 'x' } });
  const refuse = own(() => {
    throw new Error('query: must start with SELECT');
  });
  expect(refusal(refuse, { query: 'x' })).toEqual(['query: must start with SELECT']);
  expect(
    refusal(
      own((value) => z.object({ query: z.string() }).parse(value)),
      { query: 5 },
    )[0],
  ).toMatch(/^query: .*expected string/);
});

test('a plugin’s own parser may throw a ToolError, or values that are not errors', () => {
  const code = own(() => {
    throw new ToolError('NOT_FOUND', 'No such query.');
  });
  expect(() => inputOf(code).parse({})).toThrow('No such query.');
  const odd = own(() => {
    throw 'text';
  });
  expect(refusal(odd, {})).toEqual(['they do not fit the schema']);
});

test('a plugin’s own schema is closed to unknown keys by default', () => {
  const pass = (value: unknown) => value;
  expect(refusal(own(pass), { querry: 'x' })).toEqual(['unknown key "querry" (did you mean "query"?); known are "query"']);
  expect(inputOf(own(pass, { additionalProperties: true })).parse({ more: 1 }).input).toEqual({ more: 1 });
});

test('the closest name differs in at most two letters of five, apart from case and hyphens', () => {
  const names = ['ticket_id', 'email', 'to'];
  expect(closest('ticketId', names)).toBe('ticket_id');
  expect(closest('emial', names)).toBe('email');
  expect(closest('phone', names)).toBeUndefined();
  expect(closest('x', names)).toBeUndefined();
  expect(closest('', names)).toBeUndefined();
  expect(closest('email'.repeat(100), names)).toBeUndefined();
});
