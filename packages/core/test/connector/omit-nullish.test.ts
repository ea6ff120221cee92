import { expect, test } from 'vitest';
import { omitNullish } from '../../src/connector/omit-nullish.ts';

test('omitNullish leaves out null and undefined, and keeps other empty values', () => {
  expect(omitNullish({ a: null, b: undefined, c: '', d: 0, e: false, f: [] })).toEqual({ c: '', d: 0, e: false, f: [] });
  expect(Object.keys(omitNullish({ a: undefined }))).toEqual([]);
});
