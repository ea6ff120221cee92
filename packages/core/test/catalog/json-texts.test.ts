import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { readJsonTexts } from '../../src/catalog/json-texts.ts';
import type { Schema } from '../../src/index.ts';
import { inputOf, refusal } from '../support/input-of.ts';

const parsed = (input: Schema, args: unknown) => inputOf(input).parse(args).input;

const Status = z.enum(['open', 'new']);
const Search = z.object({
  status: z.array(Status).max(6).optional().describe('Status'),
  either: z
    .union([Status, z.array(Status).max(6)])
    .optional()
    .describe('One or several'),
  count: z.int().optional().describe('Count'),
  share: z.number().optional().describe('Share'),
  open: z.boolean().default(false).describe('Open'),
  place: z
    .object({ city: z.string().describe('City'), floor: z.int().optional().describe('Floor') })
    .optional()
    .describe('Place'),
  fields: z.record(z.string(), z.unknown()).optional().describe('Such as {"a": "5"}'),
  text: z.string().optional().describe('Text'),
  value: z
    .union([z.string(), z.boolean(), z.array(z.string()).max(9)])
    .optional()
    .describe('Value'),
});

test('a number, a boolean, a list and an object that arrive as their JSON texts are taken', () => {
  expect(
    parsed(Search, {
      status: '["open","new"]',
      either: '["open"]',
      count: '-5',
      share: ' 0.5 ',
      open: 'true',
      place: '{"city":"Bern"}',
      fields: '{"a":"5"}',
    }),
  ).toEqual({ status: ['open', 'new'], either: ['open'], count: -5, share: 0.5, open: true, place: { city: 'Bern' }, fields: { a: '5' } });
});

test('JSON texts inside of lists, objects and other JSON texts are taken', () => {
  const Rows = z.object({
    rows: z
      .array(z.object({ id: z.int().describe('Id') }))
      .max(9)
      .describe('Rows'),
  });
  expect(parsed(Rows, { rows: [{ id: '1' }, '{"id":2}'] })).toEqual({ rows: [{ id: 1 }, { id: 2 }] });
  expect(parsed(Rows, { rows: '["{\\"id\\":\\"3\\"}"]' })).toEqual({ rows: [{ id: 3 }] });
});

test('a list of hundreds of numbers as texts is taken', () => {
  const ids = Array.from({ length: 500 }, (_, id) => id);
  expect(parsed(z.object({ ids: z.array(z.int()).max(500).describe('Ids') }), { ids: ids.map(String) })).toEqual({ ids });
});

test('null inside of a JSON text counts as not given where the input takes no null', () => {
  expect(parsed(Search, { place: '{"city":"Bern","floor":null}' })).toEqual({ open: false, place: { city: 'Bern' } });
});

test('a text stays a text where the input takes a text or any value', () => {
  const args = { count: '5', text: '5', value: '["a"]', fields: { a: '5', b: 'true', c: '[1]' } };
  expect(parsed(Search, args)).toEqual({ ...args, count: 5, open: false });
  expect(parsed(Search, { either: 'open', text: 'true' })).toEqual({ either: 'open', text: 'true', open: false });
});

test('the refusal of a JSON text is about the value in it', () => {
  expect(refusal(Search, { status: '["opne"]', count: '1.5', place: '{"city":5}' })).toEqual([
    'status[0]: must be one of "open", "new"; did you mean "open"?',
    'count: must be an integer, not 1.5',
    'place.city: must be a string, not a number',
  ]);
});

test.each(['12345678901234567890', '1e999', '05', '', 'five', '5,', 'null'])('%j is not taken for a number', (count) => {
  expect(refusal(Search, { count })).toEqual(['count: must be a number, not a string']);
});

test('a list whose JSON text has a number that JavaScript would round is refused', () => {
  const ids = z.object({ ids: z.array(z.int()).max(9).describe('Ids') });
  expect(refusal(ids, { ids: '[12345678901234567890]' })[0]).toMatch(/^ids: must be an array, not a string/);
});

test('a plugin’s own parser gets the value of a JSON text that it refused, as its JSON Schema says', () => {
  const own: Schema = {
    jsonSchema: {
      type: 'object',
      properties: { limit: { type: 'integer', description: 'L' }, name: { type: 'string', description: 'N' } },
    },
    parse: (value: unknown) => {
      if (typeof (value as { limit: unknown }).limit !== 'number') throw new Error('limit must be a number');
      return value;
    },
  };
  expect(parsed(own, { limit: '5', name: '5' })).toEqual({ limit: 5, name: '5' });
  expect(refusal(own, { limit: 'five' })).toEqual(['limit must be a number']);
});

test('JSON texts of more values than a message may have are left as they are', () => {
  const list = { type: 'array', items: { type: 'integer' } };
  const schema = { type: 'object', properties: { a: list, b: list } };
  const long = JSON.stringify(Array.from({ length: 15_000 }, () => 0));
  expect(readJsonTexts(schema, { a: long })['a']).toHaveLength(15_000);
  const twice = { a: long, b: long };
  expect(readJsonTexts(schema, twice)).toBe(twice);
  const deep = { a: '['.repeat(100_000) };
  expect(readJsonTexts(schema, deep)).toBe(deep);
});

test('many JSON texts that hold too many values together are not all read', () => {
  const read = vi.spyOn(JSON, 'parse');
  const schema = { type: 'object', properties: { rows: { type: 'array', items: { type: 'object' } } } };
  const rows = Array.from({ length: 100 }, () => JSON.stringify({ cells: Array.from({ length: 9_000 }, () => 0) }));
  const args = { rows };
  expect(readJsonTexts(schema, args)).toBe(args);
  expect(read).toHaveBeenCalledTimes(2);
  read.mockRestore();
});
