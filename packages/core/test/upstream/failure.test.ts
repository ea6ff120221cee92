import { expect, test } from 'vitest';
import { waitOf } from '../../src/upstream/failure.ts';

const now = Date.UTC(2026, 0, 1);

test.each([
  [{ 'retry-after': '30' }, 30_000],
  [{ 'retry-after': new Date(now + 5_000).toUTCString() }, 5_000],
  [{ 'retry-after': new Date(now - 5_000).toUTCString() }, 0],
  [{ 'retry-after': '-3' }, 0],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'ratelimit-reset': '12' }, 12_000],
  [{ 'x-ratelimit-reset': String(now / 1000 + 9) }, 9_000],
  [{ 'x-ratelimit-reset': String(now / 1000 - 9) }, 0],
  [{ 'retry-after': '1', 'ratelimit-reset': '60' }, 1_000],
  [{}, undefined],
] as [Record<string, string>, number | undefined][])('reads %j as %s ms', (headers, expected) => {
  expect(waitOf('RATE_LIMITED', new Headers(headers), now)).toBe(expected);
});

test('a reset header says nothing about a failure other than the limit itself', () => {
  const headers = new Headers({ 'ratelimit-reset': '60' });
  expect(waitOf('UPSTREAM_UNAVAILABLE', headers, now)).toBeUndefined();
  headers.set('retry-after', '2');
  expect(waitOf('UPSTREAM_UNAVAILABLE', headers, now)).toBe(2_000);
});
