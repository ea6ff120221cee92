import { expect, test } from 'vitest';
import { readFailure, waitOf } from '../../src/upstream/failure.ts';

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

test.each([
  [400, 'UPSTREAM_REJECTED', 'no'],
  [401, 'UNAUTHENTICATED', 'no'],
  [403, 'FORBIDDEN', 'no'],
  [404, 'NOT_FOUND', 'no'],
  [409, 'CONFLICT', 'no'],
  [412, 'CONFLICT', 'no'],
  [422, 'UPSTREAM_REJECTED', 'no'],
  [429, 'RATE_LIMITED', 'no'],
  [408, 'UPSTREAM_UNAVAILABLE', 'unknown'],
  [500, 'UPSTREAM_UNAVAILABLE', 'unknown'],
  [503, 'UPSTREAM_UNAVAILABLE', 'unknown'],
  [302, 'UPSTREAM_INVALID', 'unknown'],
] as const)('reads HTTP %i as %s, executed %s', (status, code, executed) => {
  expect(readFailure({ status, headers: new Headers(), data: undefined })).toMatchObject({ code, executed });
});
