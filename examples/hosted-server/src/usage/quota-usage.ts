import { quotaCharges, type Call, type Clock, type Host, type QuotaRule } from '@busbar/core';
import type { ApiKeys, Database } from '@busbar/postgres';

/** How much of a quota has been used in the current period. */
export interface QuotaUsage {
  readonly rule: QuotaRule;
  /** The key, connector or tool that the quota is counted for. Absent if the rule is for each tenant. */
  readonly whom: string | undefined;
  /** Committed and reserved: calls, units, or millionths of the currency. */
  readonly used: number;
  /** When the next period starts, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Reads how much of its quotas a tenant has used: 1,000 counters at most. `more` is true if there are more counters. */
export type ReadQuotaUsage = (tenant: string) => Promise<{ readonly quotas: readonly QuotaUsage[]; readonly more: boolean }>;

export interface QuotaUsageOptions {
  readonly database: Pick<Database, 'reports'>;
  readonly rules: readonly QuotaRule[];
  readonly apiKeys: ApiKeys;
  readonly tools: Host['tools'];
  readonly clock: Clock;
}

// A rule for each key has as many counters as the tenant has keys.
const maxCounters = 1_000;

/** Creates a reader of quota counters. It finds the counters by the ids that a call of the tenant would use. */
export function createQuotaUsage({ database, rules, apiKeys, tools, clock }: QuotaUsageOptions): ReadQuotaUsage {
  return async (tenant) => {
    const applicable = rules.filter(({ where }) => where?.tenant === undefined || where.tenant === tenant);
    const keys = applicable.some(({ each }) => each === 'key')
      ? await apiKeys.list({ tenant, valid: true, limit: maxCounters })
      : { keys: [] };
    const activeKeys = keys.keys.map(({ id }) => id);
    const entries = tools({ tenant, id: '', roles: [] });
    const candidates: Readonly<Record<QuotaRule['each'], readonly Partial<QuotaRule['where']>[]>> = {
      tenant: [{}],
      key: activeKeys.map((key) => ({ key })),
      connector: [...new Set(entries.map(({ connector }) => connector))].map((connector) => ({ connector })),
      tool: entries.map(({ name, connector }) => ({ tool: name, connector })),
    };
    const now = clock.now();
    // One more than is returned, because finding all counters of many rules, keys and tools would take seconds.
    const all = applicable
      .values()
      .flatMap((rule) => candidates[rule.each].values().flatMap((caller) => countersOf(rule, { tenant, ...caller }, now)))
      .take(maxCounters + 1)
      .toArray();
    const counters = all.slice(0, maxCounters);
    const rows = await database.reports
      .selectFrom('quota_counters')
      .select(['id', 'used'])
      .where((eb) => eb('id', '=', eb.fn.any(eb.val(counters.map(({ counter }) => counter)))))
      .execute();
    const used = new Map(rows.map((row) => [row.id, Number(row.used)]));
    return {
      quotas: counters.map(({ counter, ...quota }) => ({ ...quota, used: used.get(counter) ?? 0 })),
      more: all.length > counters.length || 'next' in keys,
    };
  };
}

/** The counter that a rule uses for a call by this tenant and key to this tool. Empty if the rule does not apply to such a call. */
function countersOf(rule: QuotaRule, caller: Partial<NonNullable<QuotaRule['where']>>, now: number) {
  // For a property that `caller` leaves out, the call fits the rule.
  const { tenant = '', key = '', connector = '', tool = '' } = { ...rule.where, ...caller };
  const call: Call = {
    callId: '',
    principal: { tenant, id: key, roles: [] },
    connector,
    connection: '',
    tool,
    effect: 'read',
    inputHash: '',
    units: 1,
    arguments: undefined,
    auditInput: () => '',
    startedAt: now,
  };
  return quotaCharges([rule], call, 1).map(({ counter, endsAt }) => ({
    counter,
    rule,
    whom: rule.each === 'tenant' ? undefined : caller[rule.each],
    endsAt,
  }));
}
