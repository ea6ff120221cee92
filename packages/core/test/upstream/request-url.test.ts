import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ToolError } from '../../src/index.ts';
import { formBody, requestUrl } from '../../src/upstream/request-url.ts';

const origin = 'https://api.acme.example';

test('fills the template, and leaves undefined query values out', () => {
  expect(requestUrl(origin, '/users/{id}/items', { id: 7 }, { page: 2, all: true, none: undefined }).href).toBe(
    `${origin}/users/7/items?page=2&all=true`,
  );
});

test('an array in a query repeats its name in order, and an empty one leaves it out', () => {
  expect(requestUrl(origin, '/items', {}, { 'ids[]': ['b', 'a&c=d'], n: [2, 1], all: [true], none: [] }).href).toBe(
    `${origin}/items?ids%5B%5D=b&ids%5B%5D=a%26c%3Dd&n=2&n=1&all=true`,
  );
});

test('no argument can leave its path segment or its origin', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((text) => !/(^|[/\\])\.{1,2}([/\\]|$)/.test(text) && text.isWellFormed()),
      (value) => {
        const url = requestUrl(origin, '/a/{x}/b', { x: value });
        expect(url.origin).toBe(origin);
        const parts = url.pathname.split('/');
        expect(parts).toHaveLength(4);
        expect(decodeURIComponent(parts[2] ?? '')).toBe(value);
        expect(url.search).toBe('');
      },
    ),
  );
});

test.each(['.', '..', '../b', 'b/..', 'a/../b', '..\\b', '..%2Fb', '%2e%2e', '..%252fb', '%252E%252E/b', './b', 'a\ud800', '\udc00'])(
  'refuses %j as a path value, as a mistake of the caller',
  (value) => {
    const build = () => requestUrl(origin, '/a/{id}', { id: value });
    expect(build).toThrow(ToolError);
    expect(build).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(/^id is not valid/) }));
  },
);

test('refuses an empty path value, as a mistake of the caller', () => {
  expect(() => requestUrl(origin, '/a/{id}', { id: '' })).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: 'id is empty. Give its value.' }),
  );
});

test.each(['...', 'a..b', '.a', 'a.', '..a/b', 'a/b', '100%25', '\u{1F600}'])('keeps %j in its segment', (value) => {
  expect(requestUrl(origin, '/a/{id}', { id: value }).pathname.split('/')).toHaveLength(3);
});

test('params and the template must agree', () => {
  expect(() => requestUrl(origin, '/a/{x}')).toThrow('params.x is missing');
  expect(() => requestUrl(origin, '/a', { x: 1 })).toThrow('params.x has no place');
  expect(() => requestUrl(origin, '//evil.example/a')).toThrow('leaves its origin');
});

test('a form leaves undefined values out and escapes the rest', () => {
  expect(formBody({ a: 'x&y=z', b: undefined, c: 1 })).toBe('a=x%26y%3Dz&c=1');
});

test('an array in a form repeats its name in order, and an empty one leaves it out', () => {
  expect(formBody({ 'to[]': ['b', 'a b'], n: [2, 1], none: [] })).toBe('to%5B%5D=b&to%5B%5D=a+b&n=2&n=1');
});
