import { describe, expect, test } from 'vitest';
import { errorCodes, isCharged, type ErrorCode, type Outcome } from '../../src/index.ts';

const statuses: readonly Outcome['status'][] = ['executed', 'cached', 'accepted', 'asked', 'failed', 'unknown'];
const wrote: readonly Outcome['wrote'][] = ['no', 'yes', 'unknown'];
const codes: readonly (ErrorCode | undefined)[] = [undefined, ...(Object.keys(errorCodes) as ErrorCode[])];

// The codes for which this server or the vendor is to blame. They are written out, so that a change of the table fails this test.
const ours = [
  'RATE_LIMITED',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID',
  'CIRCUIT_OPEN',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'STATE_FULL',
  'UNAVAILABLE',
  'INTERNAL',
];

describe('a call is charged by its outcome', () => {
  test('a call that wrote nothing is free if it failed because of this server or the vendor, or without a code', () => {
    const refunded = codes.filter((code) => !isCharged({ status: 'failed', wrote: 'no', code }));
    expect(refunded).toEqual([undefined, ...ours]);
  });

  test('a call that only asked a question is free', () => {
    for (const code of codes) expect(isCharged({ status: 'asked', wrote: 'no', code })).toBe(false);
  });

  test('a call that wrote or may have written is charged, however it ended', () => {
    for (const status of statuses)
      for (const code of codes)
        for (const effect of wrote)
          expect.soft(effect === 'no' || isCharged({ status, wrote: effect, code }), `${status} ${effect} ${code}`).toBe(true);
  });

  test('a call with any other outcome is charged, with any code', () => {
    for (const status of statuses.filter((each) => each !== 'asked' && each !== 'failed'))
      for (const code of codes) expect(isCharged({ status, wrote: 'no', code })).toBe(true);
  });
});
