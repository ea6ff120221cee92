import { expect, test } from 'vitest';
import { quotaCharges, quotaExceeded, type QuotaPeriod, type QuotaRule } from '../../src/index.ts';
import { callOf } from '../support/call-of.ts';

const rule = (over: Partial<QuotaRule> = {}): QuotaRule => ({ of: 'calls', limit: 10, per: 'month', each: 'tenant', ...over });
const countersOf = (rules: readonly QuotaRule[], call = callOf(), price = 500) =>
  quotaCharges(rules, call, price).map(({ counter }) => counter);

test('a call is charged as one call, its units and its price', () => {
  const rules = [rule(), rule({ of: 'units' }), rule({ of: 'money' })];
  expect(quotaCharges(rules, callOf(), 500)).toEqual([
    { rule: rules[0], counter: 'calls month 2026-01 tenant ["acme"]', amount: 1, endsAt: Date.UTC(2026, 1) },
    { rule: rules[1], counter: 'units month 2026-01 tenant ["acme"]', amount: 3, endsAt: Date.UTC(2026, 1) },
    { rule: rules[2], counter: 'money month 2026-01 tenant ["acme"]', amount: 500, endsAt: Date.UTC(2026, 1) },
  ]);
});

test('a call without units or price is not charged for them', () => {
  const rules = [rule(), rule({ of: 'units' }), rule({ of: 'money' })];
  expect(countersOf(rules, callOf({ units: 0 }), 0)).toEqual(['calls month 2026-01 tenant ["acme"]']);
  expect(countersOf([], callOf())).toEqual([]);
});

test.each<[QuotaPeriod, string, string, string]>([
  ['minute', '2026-01-15T10:20:00.000Z', '2026-01-15T10:20', '2026-01-15T10:21:00.000Z'],
  ['minute', '2026-12-31T23:59:59.999Z', '2026-12-31T23:59', '2027-01-01T00:00:00.000Z'],
  ['day', '2026-01-15T00:00:00.000Z', '2026-01-15', '2026-01-16T00:00:00.000Z'],
  ['day', '2024-02-28T23:59:59.999Z', '2024-02-28', '2024-02-29T00:00:00.000Z'],
  ['day', '2026-02-28T12:00:00.000Z', '2026-02-28', '2026-03-01T00:00:00.000Z'],
  ['month', '2026-01-31T23:59:59.999Z', '2026-01', '2026-02-01T00:00:00.000Z'],
  ['month', '2024-02-29T23:59:59.999Z', '2024-02', '2024-03-01T00:00:00.000Z'],
  ['month', '2026-12-31T23:59:59.999Z', '2026-12', '2027-01-01T00:00:00.000Z'],
  ['month', '2027-01-01T00:00:00.000Z', '2027-01', '2027-02-01T00:00:00.000Z'],
])('a quota for each %s that holds at %s is that of %s and ends at %s', (per, at, period, end) => {
  const [demand] = quotaCharges([rule({ per })], callOf({ startedAt: Date.parse(at) }), 0);
  expect(demand?.counter).toBe(`calls ${per} ${period} tenant ["acme"]`);
  expect(demand?.endsAt).toBe(Date.parse(end));
});

test('each tenant, key, connector and tool has its own counter, always within the tenant', () => {
  const each = (['tenant', 'key', 'connector', 'tool'] as const).map((each) => rule({ each }));
  expect(countersOf(each)).toEqual([
    'calls month 2026-01 tenant ["acme"]',
    'calls month 2026-01 key ["acme","key_1"]',
    'calls month 2026-01 connector ["acme","zendesk"]',
    'calls month 2026-01 tool ["acme","zendesk_create_ticket"]',
  ]);
  const names = ['a', 'a"', 'a","b', '["a'];
  const mixed = names.flatMap((tenant) => names.map((id) => callOf({ principal: { tenant, id, roles: [] } })));
  expect(new Set(mixed.flatMap((call) => countersOf([rule({ each: 'key' })], call))).size).toBe(mixed.length);
});

test.each([
  [{ tenant: 'acme' }, true],
  [{ tenant: 'other' }, false],
  [{ key: 'key_1' }, true],
  [{ key: 'key_2' }, false],
  [{ connector: 'zendesk' }, true],
  [{ connector: 'sendgrid' }, false],
  [{ tool: 'zendesk_create_ticket' }, true],
  [{ tool: 'zendesk_get_ticket' }, false],
  [{ tenant: 'acme', tool: 'zendesk_get_ticket' }, false],
  [{ tenant: 'acme', key: 'key_1', connector: 'zendesk', tool: 'zendesk_create_ticket' }, true],
  [{}, true],
])('a rule where %j holds: %s', (where, holds) => {
  expect(countersOf([rule({ where })])).toHaveLength(holds ? 1 : 0);
});

test('the strictest of the rules that share a counter applies, in any order', () => {
  const strict = rule({ limit: 3, where: { tool: 'zendesk_create_ticket', tenant: 'acme' } });
  const lax = rule({ limit: 5, where: { tenant: 'acme', tool: 'zendesk_create_ticket' } });
  for (const rules of [
    [strict, lax],
    [lax, strict],
  ])
    expect(quotaCharges(rules, callOf(), 0)).toMatchObject([{ rule: { limit: 3 } }]);
});

test('rules for other calls have counters of their own', () => {
  const rules = [
    rule(),
    rule({ where: { connector: 'zendesk' } }),
    rule({ where: { tool: 'zendesk_create_ticket' } }),
    rule({ per: 'day' }),
  ];
  expect(new Set(countersOf(rules)).size).toBe(4);
});

test.each<[Partial<QuotaRule>, string]>([
  [{}, 'The allowance of 10 calls a month for this tenant'],
  [{ of: 'units', per: 'day', each: 'key' }, 'The allowance of 10 units a day for this key'],
  [{ of: 'money', limit: 2_500_000, per: 'minute', each: 'tool' }, 'The allowance of 2.5 (cost of calls) a minute of this tool'],
  [{ each: 'connector' }, 'The allowance of 10 calls a month of this connector'],
])('the refusal by %j names the used quota and when it resets', (over, begins) => {
  const demand = { rule: rule(over), counter: 'c', amount: 1, endsAt: Date.UTC(2026, 1) };
  const refusal = quotaExceeded(demand, Date.UTC(2026, 1) - 5_000);
  expect(refusal).toMatchObject({ code: 'QUOTA_EXCEEDED', retryAfterMs: 5_000 });
  expect(refusal.message).toMatch(begins);
  expect(refusal.message).toContain('It resets at 2026-02-01T00:00:00.000Z');
  expect(quotaExceeded(demand, Date.UTC(2026, 2))).toMatchObject({ retryAfterMs: 0 });
});
