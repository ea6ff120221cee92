import { canonicalJson } from '../lib/digest.ts';
import { ToolError } from '../errors.ts';
import type { Call } from '../ports/metering.ts';
import type { PriceRule } from './price.ts';

/** The unit of a quota. `money` is in millionths of the currency of the prices. */
export type QuotaKind = 'calls' | 'units' | 'money';

/** The period of a quota. Periods begin in UTC, at the start of the minute, at midnight, or on the first of the month. */
export type QuotaPeriod = 'minute' | 'day' | 'month';

/** A limit per period for each tenant, key, connector or tool. Every tenant has its own counters, and no counter spans two tenants. */
export interface QuotaRule {
  readonly of: QuotaKind;
  /** A whole number of calls, units or millionths of the currency. */
  readonly limit: number;
  readonly per: QuotaPeriod;
  /** `key`: each API key or user of a tenant. `connector` or `tool`: all of a tenant's calls to each connector or tool. */
  readonly each: 'tenant' | 'key' | 'connector' | 'tool';
  /** Restricts the rule to matching calls. It counts and refuses no other calls. `key` is the principal's id. */
  readonly where?: { readonly tenant?: string; readonly key?: string; readonly connector?: string; readonly tool?: string } | undefined;
}

/** A call's charge against one quota. */
export interface QuotaCharge {
  readonly rule: QuotaRule;
  /** The counter's name, made up of the rule's kind, period and subject. Begins with the kind and a space. */
  readonly counter: string;
  /** A whole number above 0. */
  readonly amount: number;
  /** When the period ends and the counter expires, in milliseconds since the epoch. */
  readonly endsAt: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/**
 * Returns a call's charges against its quotas, for the periods in which the call began. If several rules share a counter, the strictest
 * rule charges it. A quota that the call does not use is not charged. `price` is in millionths of the currency.
 */
export function quotaCharges(rules: readonly QuotaRule[], call: Call, price: number): readonly QuotaCharge[] {
  if (rules.length === 0) return [];
  const { principal, connector, tool, startedAt } = call;
  const amounts = { calls: 1, units: call.units, money: price };
  const of = { tenant: principal.tenant, key: principal.id, connector, tool };
  const charges = new Map<string, QuotaCharge>();
  for (const rule of rules) {
    const { where, each } = rule;
    const amount = amounts[rule.of];
    if (amount === 0 || (where && !matches(where, of))) continue;
    const { start, endsAt } = periodOf(rule.per, startedAt);
    const subject = each === 'tenant' ? [of.tenant] : [of.tenant, of[each]];
    const only = where ? ` ${canonicalJson(where)}` : '';
    const counter = `${rule.of} ${rule.per} ${start} ${each} ${JSON.stringify(subject)}${only}`;
    const stricter = charges.get(counter);
    if (!stricter || rule.limit < stricter.rule.limit) charges.set(counter, { rule, counter, amount, endsAt });
  }
  return [...charges.values()];
}

function matches(where: NonNullable<QuotaRule['where']>, of: Required<NonNullable<QuotaRule['where']>>): boolean {
  return (['tenant', 'key', 'connector', 'tool'] as const).every((name) => where[name] === undefined || where[name] === of[name]);
}

interface Period {
  readonly startsAt: number;
  readonly endsAt: number;
  /** The start as text, as precise as the period needs. */
  readonly start: string;
}

// Nearly all calls begin in the same period as the previous call.
const latest = new Map<QuotaPeriod, Period>();

function periodOf(per: QuotaPeriod, at: number): Period {
  const known = latest.get(per);
  if (known && at >= known.startsAt && at < known.endsAt) return known;
  const period = newPeriod(per, at);
  latest.set(per, period);
  return period;
}

function newPeriod(per: QuotaPeriod, at: number): Period {
  const date = new Date(at);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  if (per === 'month') return { startsAt: Date.UTC(year, month), endsAt: Date.UTC(year, month + 1), start: date.toISOString().slice(0, 7) };
  const length = per === 'day' ? dayMs : minuteMs;
  const startsAt = Math.floor(at / length) * length;
  return { startsAt, endsAt: startsAt + length, start: new Date(startsAt).toISOString().slice(0, per === 'day' ? 10 : 16) };
}

/** Quotas and prices. Must be the same on all replicas. */
export interface UsagePolicy {
  readonly quotas?: readonly QuotaRule[] | undefined;
  readonly prices?: readonly PriceRule[] | undefined;
}

/** Returns the error for a call that exceeds a quota. */
export function quotaExceeded({ rule, endsAt }: QuotaCharge, now: number): ToolError {
  const limit = rule.of === 'money' ? `${rule.limit / 1_000_000} (cost of calls)` : `${rule.limit} ${rule.of}`;
  const scope = { tenant: 'for this tenant', key: 'for this key', connector: 'of this connector', tool: 'of this tool' }[rule.each];
  return new ToolError(
    'QUOTA_EXCEEDED',
    `The allowance of ${limit} a ${rule.per} ${scope} is used up, or this call needs more than is left. Nothing was done. It resets at ${new Date(endsAt).toISOString()}. Do not call again before that time, unless someone raises it.`,
    { retryAfterMs: Math.max(0, endsAt - now) },
  );
}
