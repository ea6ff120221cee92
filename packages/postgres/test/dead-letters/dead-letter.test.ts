import { errorCodes, type Call, type ErrorCode } from '@busbar/core';
import { describe, expect, test } from 'vitest';
import { deadLetterOf } from '../../src/dead-letters/dead-letter.ts';
import { createSeal } from '../../src/seal.ts';
import { answerOf, callOf, ending } from '../support/ledger.ts';

const seal = createSeal('a secret of the tests, which is long enough', 'dead-letters');
const failing = (code: ErrorCode, over: Parameters<typeof ending>[2] = {}) =>
  ending('failed', 'no', { code, answer: answerOf(code), ...over });

describe('a call has a dead letter', () => {
  const passing = ['RATE_LIMITED', 'UPSTREAM_UNAVAILABLE', 'CIRCUIT_OPEN', 'OVERLOADED', 'DEADLINE_EXCEEDED', 'STATE_FULL', 'UNAVAILABLE'];

  test.each(Object.keys(errorCodes) as ErrorCode[])('only if a retry may succeed without changes: %s', (code) => {
    expect(deadLetterOf(callOf(), failing(code), seal) !== undefined).toBe(passing.includes(code));
  });

  test('only if it is a write that has written nothing', () => {
    const left = (over: Partial<Call>, outcome = failing('RATE_LIMITED')) => deadLetterOf(callOf(over), outcome, seal) !== undefined;
    expect(left({})).toBe(true);
    expect(left({ effect: 'destructive' })).toBe(true);
    expect(left({ effect: 'read' })).toBe(false);
    expect(left({ effect: 'read', arguments: 'x'.repeat(70_000) })).toBe(false);
    expect(left({}, failing('RATE_LIMITED', { status: 'unknown' }))).toBe(false);
    expect(left({}, failing('RATE_LIMITED', { wrote: 'yes' }))).toBe(false);
    expect(left({}, failing('RATE_LIMITED', { status: 'unknown', wrote: 'unknown' }))).toBe(false);
    expect(left({}, ending('executed', 'no'))).toBe(false);
  });

  test('only if its arguments take at most 64 KiB', () => {
    const withText = (length: number) => deadLetterOf(callOf({ arguments: 'x'.repeat(length - 2) }), failing('RATE_LIMITED'), seal);
    expect(withText(65_536)).toMatchObject({ code: 'RATE_LIMITED' });
    expect(withText(65_537)).toBe('too-large');
  });

  test('with the message that its caller got, cut at 500 characters', () => {
    const answer = { content: [{ type: 'text', text: 'a\u0000b' } as const, { type: 'text', text: 'x'.repeat(600) } as const] };
    expect(deadLetterOf(callOf(), failing('RATE_LIMITED', { answer }), seal)).toMatchObject({ message: `a\uFFFDb\n${'x'.repeat(496)}` });
  });

  test('with a message that is cut between two characters, not within one', () => {
    const answer = { content: [{ type: 'text', text: `${'x'.repeat(499)}😀` } as const] };
    expect(deadLetterOf(callOf(), failing('RATE_LIMITED', { answer }), seal)).toMatchObject({ message: 'x'.repeat(499) });
  });
});
