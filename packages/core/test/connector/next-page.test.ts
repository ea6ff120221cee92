import { expect, test } from 'vitest';
import type { Context } from '../../src/connector/context.ts';
import { nextPage, onePage, type PageEnd } from '../../src/connector/next-page.ts';

function read(end: PageEnd<string | number>) {
  const warnings: string[] = [];
  const context = { warn: (message: string) => void warnings.push(message) } as Context;
  return { next: nextPage('Acme', end, context), warnings };
}

test('the next page is where the vendor says that the list goes on', () => {
  expect(read({ more: true, next: 'b', current: 'a' })).toEqual({ next: 'b', warnings: [] });
  expect(read({ more: true, next: 0, current: undefined })).toEqual({ next: 0, warnings: [] });
});

test('a list that does not go on has no next page', () => {
  expect(read({ more: false, next: 'b', current: 'a' })).toEqual({ next: undefined, warnings: [] });
});

test.each([undefined, null, ''])('a list that goes on at %j is not the whole list, and the model is warned', (next) => {
  const { warnings, ...page } = read({ more: true, next, current: 'a' });
  expect(page).toEqual({ next: undefined });
  expect(warnings).toEqual([
    'This is not the whole list: Acme says that there is more, but not where. Narrow the request to read the rest.',
  ]);
});

test('a position that does not move ends in an error', () => {
  expect(() => read({ more: true, next: 'a', current: 'a' })).toThrow(
    expect.objectContaining({ code: 'UPSTREAM_INVALID', message: expect.stringContaining('Acme names this page as its own next page') }),
  );
});

test('rows beyond the size of a page are not shown, and the model is warned', () => {
  const warnings: string[] = [];
  const context = { warn: (message: string) => void warnings.push(message) } as Context;
  expect(onePage('Acme', [1, 2], 2, context)).toEqual([1, 2]);
  expect(warnings).toEqual([]);
  expect(onePage('Acme', [1, 2, 3], 2, context)).toEqual([1, 2]);
  expect(warnings).toEqual(['This is not the whole list: Acme sent 3 rows, and only the first 2 are shown.']);
});
