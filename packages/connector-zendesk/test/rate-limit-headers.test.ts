import { expect, it } from 'vitest';
import { zendesk } from '../src/index.ts';

const read = (headers: Record<string, string>) => zendesk.limits?.['default']?.readRateLimit?.(new Headers(headers));

it.each([
  [
    { 'ratelimit-limit': '700', 'ratelimit-remaining': '3', 'ratelimit-reset': '20' },
    { limit: '700', remaining: '3', reset: '20' },
  ],
  [
    { 'x-rate-limit': '700', 'x-rate-limit-remaining': '3' },
    { limit: '700', remaining: '3', reset: null },
  ],
  [
    { 'rate-limit': '700', 'rate-limit-remaining': '3', 'rate-limit-reset': '20' },
    { limit: '700', remaining: '3', reset: '20' },
  ],
  [
    {
      'ratelimit-limit': '400',
      'ratelimit-remaining': '1',
      'x-rate-limit': '700',
      'x-rate-limit-remaining': '3',
      'rate-limit-reset': '20',
    },
    { limit: '400', remaining: '1', reset: '20' },
  ],
  [{}, { limit: null, remaining: null, reset: null }],
])('the limit is read from %j', (headers, limit) => {
  expect(read(headers)).toEqual(limit);
});
