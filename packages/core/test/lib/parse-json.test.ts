import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/lib/parse-json.ts';

test.each([
  ['{"id":12345678901234567890}', { id: '12345678901234567890' }],
  ['[ -9007199254740993 , 9007199254740991]', ['-9007199254740993', 9007199254740991]],
  ['9007199254740993', '9007199254740993'],
  ['[9007199254740993]', ['9007199254740993']],
  ['{"a":"\\\\","b":9007199254740993,"c":"\\\\\\"9007199254740993"}', { a: '\\', b: '9007199254740993', c: '\\"9007199254740993' }],
  ['{"a":"id: 12345678901234567890","b":"\\"[12345678901234567890"}', { a: 'id: 12345678901234567890', b: '"[12345678901234567890' }],
  [
    '{"a":[12345678901234567890.5,1234567890123456789e3,0.12345678901234567]}',
    { a: [Number('12345678901234567890.5'), Number('1234567890123456789e3'), Number('0.12345678901234567')] },
  ],
  ['{"a":"x\\ud83d"}', { a: 'x\uFFFD' }],
  ['{"\\ude00\\ud83d":["\\ud83d\\ude00","\\uD83D\\uDE00\\uD83D"]}', { '\uFFFD\uFFFD': ['😀', '😀\uFFFD'] }],
  ['{"a":"\\\\ud83d","b":"\\\\\\ud83d"}', { a: '\\ud83d', b: '\\\uFFFD' }],
])('%s is parsed without rounding a whole number and without half a character', (text, value) => {
  expect(parseJson(text)).toEqual(value);
});

test('other JSON is parsed as JSON.parse does', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'grapheme' }), (text) => {
      fc.pre(!/\d{16}/.test(text));
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('a whole number keeps its digits at any place in a text', () => {
  for (let before = 0; before < 40; before += 1)
    for (const digits of ['9007199254740993', '-12345678901234567890', '9007199254740991'])
      expect(parseJson(`[${' '.repeat(before)}${digits}]`)).toEqual([Number.isSafeInteger(Number(digits)) ? Number(digits) : digits]);
});

test.each(['[12345678901234567890', '[012345678901234567890]', '{"a":"12345678901234567890}'])('%s is refused', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});

test('a string without an end is refused in linear time', () => {
  expect(() => parseJson(`[12345678901234567890,"${'\\"'.repeat(300_000)}`)).toThrow(SyntaxError);
});

test('a long string costs no recursion', () => {
  const text = `{"a":"${'x\\"'.repeat(1_000_000)}","b":12345678901234567890}`;
  expect(parseJson(text)).toMatchObject({ b: '12345678901234567890' });
});
