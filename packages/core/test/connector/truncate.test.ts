import { expect, test } from 'vitest';
import { truncate } from '../../src/connector/truncate.ts';

test.each([
  ['abc', 3, 'abc'],
  ['abcde', 3, 'abc… [2 more characters]'],
  ['ab😀e', 3, 'ab… [3 more characters]'],
  ['a😀bc', 3, 'a😀… [2 more characters]'],
  ['', 3, ''],
  [null, 3, undefined],
  [undefined, 3, undefined],
])('truncate turns %j with at most %i characters into %j', (text, max, expected) => {
  expect(truncate(text, max)).toBe(expected);
});
