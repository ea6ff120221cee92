import { expect, test } from 'vitest';
import { findJsonExcess, messageBounds } from '../../src/lib/json-bounds.ts';

const bounds = { depth: 3, values: 6, keys: 2 };
const find = (text: string) => findJsonExcess(Buffer.from(text), bounds);

test('accepts a text that is just within the bounds', () => {
  expect([find('[[[]]]'), find('[1,2,3,4,5]'), find('{"a":{"b":1,"c":2},"d":3}'), find(''), find('1')]).toEqual(Array(5).fill(undefined));
});

test('names the bound that a text exceeds', () => {
  expect(find('[[[[')).toBe('is nested deeper than 3 levels');
  expect(find('[1,2,3,4,5,6]')).toBe('has more than 6 values');
  expect(find('{"a":1,"b":2,"c":3}')).toBe('has an object with more than 2 keys');
});

test('counts the keys of each object by itself, and not the items of arrays', () => {
  expect(find('{"a":[1,2,3]}')).toBeUndefined();
  expect(find('[{"a":1,"b":2},{"c":3}')).toBeUndefined();
  expect(find('{"a":{"b":1},"c":2,"d":3}')).toBe('has an object with more than 2 keys');
});

test('counts nothing inside strings, wherever their escapes and quotes are', () => {
  const many = '[{,'.repeat(50);
  for (const filler of ['', 'a'.repeat(63), 'a'.repeat(64), 'a'.repeat(65), '\\\\'.repeat(40), '\\"'.repeat(40), `${'a'.repeat(63)}\\"`]) {
    const text = JSON.stringify({ a: 1 }).replace('1', `"${filler}${many}"`);
    expect(JSON.parse(text)).toBeTypeOf('object');
    expect(find(text), filler).toBeUndefined();
    expect(find(`[${text},[[[`), filler).toBe('is nested deeper than 3 levels');
  }
});

test('takes about as long for any text of the same size', () => {
  const fill = (part: string) => Buffer.from(`"${part.repeat(Math.ceil(2 ** 20 / part.length))}`);
  const texts = ['a', '\\"', '\\u0041', 'a\\', `${'a'.repeat(100)}\\"`, `${'a'.repeat(100)}","`, '"', '",'].map(fill);
  const unbounded = { depth: 255, values: Infinity, keys: Infinity };
  for (const text of texts) {
    for (let run = 0; run < 3; run += 1) findJsonExcess(text, unbounded);
    const start = process.cpuUsage();
    findJsonExcess(text, unbounded);
    const { user, system } = process.cpuUsage(start);
    // A byte that is looked at again for each string before it would cost seconds.
    expect((user + system) / 1_000, text.subarray(0, 20).toString()).toBeLessThan(50);
  }
});

test('refuses what took seconds to validate, and passes a thousand recipients', () => {
  const recipients = (count: number) => JSON.stringify(Array.from({ length: count }, (_, index) => ({ email: `a${index}@example.com` })));
  expect(findJsonExcess(Buffer.from(recipients(1_000)), messageBounds)).toBeUndefined();
  expect(findJsonExcess(Buffer.from(recipients(30_000)), messageBounds)).toBe('has more than 20000 values');
});
