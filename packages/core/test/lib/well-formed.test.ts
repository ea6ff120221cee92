import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wellFormedJson, wellFormedValue } from '../../src/lib/well-formed.ts';

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd83d', '"', 'x', '😀'), fc.string({ maxLength: 2 })),
});

test('JSON has each escape of half a surrogate pair replaced, and nothing else', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(JSON.parse(wellFormedJson(JSON.stringify({ [text]: [text] })))).toEqual({ [text.toWellFormed()]: [text.toWellFormed()] });
    }),
  );
});

test('a value that is well-formed is returned itself', () => {
  const value = { a: ['😀', '\\ud83d'] };
  expect(wellFormedValue(value)).toBe(value);
  expect(wellFormedValue(undefined)).toBeUndefined();
});
