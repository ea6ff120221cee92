import { expect, test } from 'vitest';
import { createQuotaCounters } from '../../src/memory/quota-counters.ts';
import type { QuotaCharge, QuotaRule } from '../../src/index.ts';

const rule: QuotaRule = { of: 'calls', limit: 2, per: 'day', each: 'tenant' };
const demand = (counter: string, over: Partial<QuotaCharge> = {}): QuotaCharge => ({ rule, counter, amount: 1, endsAt: 1_000, ...over });
const most = 100_000;

/** The maximum number of counters. They expire at 1,000, and the last counter at 2,000. */
function full() {
  const counters = createQuotaCounters();
  for (let index = 1; index < most; index += 1) counters.take([demand(`c${index}`)], 0);
  counters.take([demand('late', { endsAt: 2_000 })], 0);
  return counters;
}

test('charges all quotas or none, and a refunded amount can be charged again', () => {
  const counters = createQuotaCounters();
  counters.take([demand('a', { amount: 2 })], 0);
  expect(() => counters.take([demand('b', { amount: 2 }), demand('a')], 0)).toThrow(expect.objectContaining({ code: 'QUOTA_EXCEEDED' }));
  counters.take([demand('b', { amount: 2 })], 0);
  counters.giveBack('a', 1);
  counters.take([demand('a')], 0);
  expect(() => counters.take([demand('a')], 0)).toThrow(expect.objectContaining({ code: 'QUOTA_EXCEEDED' }));
});

test('keeps at most 100,000 counters, drops no unexpired one, and still serves the existing ones', () => {
  const counters = full();
  const overloaded = expect.objectContaining({ code: 'OVERLOADED' }) as Error;
  expect(() => counters.take([demand('one more')], 999)).toThrow(overloaded);
  expect(() => counters.take([demand('c2'), demand('one more')], 999)).toThrow(overloaded);
  // This is the second of the two calls that the limit allows, because the refusal above charged nothing.
  counters.take([demand('c2'), demand('late')], 999);
  expect(() => counters.take([demand('c2')], 999)).toThrow(expect.objectContaining({ code: 'QUOTA_EXCEEDED' }));
});

test('only expired counters make room', () => {
  const counters = full();
  counters.take([demand('one more', { endsAt: 2_000 })], 1_000);
  counters.take([demand('late')], 1_000);
  expect(() => counters.take([demand('late')], 1_000)).toThrow(expect.objectContaining({ code: 'QUOTA_EXCEEDED' }));
  counters.giveBack('c2', 1);
  counters.take([demand('c2', { amount: 2, endsAt: 2_000 })], 1_000);
});
