import { expect, test } from 'vitest';
import { ecdsaSignatureFromDer } from '../../src/webhooks/der-signature.ts';

const integer = (...bytes: number[]) => [0x02, bytes.length, ...bytes];
const sequence = (...parts: number[][]) => Uint8Array.from([0x30, parts.flat().length, ...parts.flat()]);
const fill = (length: number, value: number) => Array.from({ length }, () => value);

/** Returns r and s in hex, without leading zeros. */
function pair(der: Uint8Array): string[] | undefined {
  const both = ecdsaSignatureFromDer(der);
  if (!both) return undefined;
  expect(both).toHaveLength(64);
  return [both.subarray(0, 32), both.subarray(32)].map((half) =>
    Buffer.from(half)
      .toString('hex')
      .replace(/^(00)+/, ''),
  );
}

test('pads short numbers from the left', () => {
  expect(pair(sequence(integer(1), integer(2, 3)))).toEqual(['01', '0203']);
  expect(pair(sequence(integer(...fill(31, 0x7f)), integer(...fill(32, 0x7f))))).toEqual(['7f'.repeat(31), '7f'.repeat(32)]);
});

test('drops the zero byte before a number that would look negative', () => {
  expect(pair(sequence(integer(0, ...fill(32, 0xff)), integer(0, 0x80)))).toEqual(['ff'.repeat(32), '80']);
});

test('accepts more zero bytes than are needed', () => {
  expect(pair(sequence(integer(0, 0, 0, 1), integer(0)))).toEqual(['01', '']);
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['a set instead of a sequence', Uint8Array.from([0x31, 6, ...integer(1), ...integer(2)])],
  ['a length that is too short', Uint8Array.from([0x30, 5, ...integer(1), ...integer(2)])],
  ['a length that is too long', Uint8Array.from([0x30, 7, ...integer(1), ...integer(2)])],
  ['one number alone', sequence(integer(1))],
  ['three numbers', sequence(integer(1), integer(2), integer(3))],
  ['an empty number', sequence(integer(), integer(1))],
  ['a negative number', sequence(integer(0x80), integer(1))],
  ['33 bytes', sequence(integer(...fill(33, 1)), integer(1))],
  ['a number that is not an integer', sequence([0x03, 1, 1], integer(1))],
  ['a number that runs past the end', Uint8Array.from([0x30, 5, ...integer(1), 0x02, 9])],
])('refuses %s', (_, der) => {
  expect(ecdsaSignatureFromDer(der)).toBeUndefined();
});
