import { expect, test } from 'vitest';
import { priceOf, type PriceRule } from '../../src/index.ts';
import { callOf } from '../support/call-of.ts';

const at = Date.UTC(2026, 5, 1);
const amount = (rules: readonly PriceRule[], call = callOf()) => priceOf(rules, call).amount;

test('a call costs its base price plus the price of its units', () => {
  expect(amount([{ perCall: 100 }])).toBe(100);
  expect(amount([{ perUnit: 7 }])).toBe(21);
  expect(amount([{ perCall: 100, perUnit: 7 }])).toBe(121);
  expect(amount([{ perCall: 100, perUnit: 7 }], callOf({ units: 0 }))).toBe(100);
});

test('a call without a matching rule is free, and so is one whose rule names no price', () => {
  expect(priceOf([], callOf())).toEqual({ amount: 0, free: [] });
  expect(priceOf([{ tool: 'other', perCall: 1 }], callOf())).toEqual({ amount: 0, free: [] });
  expect(amount([{ tenant: 'acme' }, { perCall: 1 }])).toBe(0);
});

test('the first matching rule applies, not the most expensive one and not their sum', () => {
  const rules: PriceRule[] = [
    { tenant: 'acme', tool: 'zendesk_create_ticket', perCall: 1 },
    { tenant: 'acme', perCall: 20 },
    { connector: 'zendesk', perCall: 300 },
    { perCall: 4_000 },
  ];
  expect(amount(rules)).toBe(1);
  expect(amount(rules, callOf({ tool: 'zendesk_get_ticket' }))).toBe(20);
  const other = { principal: { tenant: 'other', id: 'key_9', roles: [] } };
  expect(amount(rules, callOf(other))).toBe(300);
  expect(amount(rules, callOf({ ...other, connector: 'sendgrid' }))).toBe(4_000);
});

test.each<[PriceRule, number, boolean]>([
  [{ from: '2026-06-01' }, at, true],
  [{ from: '2026-06-01' }, at - 1, false],
  [{ until: '2026-06-01' }, at, false],
  [{ until: '2026-06-01' }, at - 1, true],
  [{ from: '2026-06-01', until: '2026-06-02' }, at, true],
  [{ from: '2026-06-01', until: '2026-06-02' }, at + 24 * 3_600_000, false],
  [{ from: '2026-06-01T02:00:00+02:00' }, at, true],
  [{ from: '2026-06-01T02:00:00+02:00' }, at - 1, false],
])('%j holds for a call that begins at %s: %s', (validity, startedAt, holds) => {
  expect(amount([{ ...validity, perCall: 5 }], callOf({ startedAt }))).toBe(holds ? 5 : 0);
});

test('a price names the outcomes that are free', () => {
  expect(priceOf([{ perCall: 5, free: ['cached', 'unknown'] }], callOf())).toEqual({ amount: 5, free: ['cached', 'unknown'] });
});
