import { quotaDemands, type Call, type Clock, type Host, type QuotaRule } from '@busbar/core';
import type { ApiKeys, Database } from '@busbar/postgres';

/** How much of one quota is used in the period that runs now. */
export interface QuotaStanding {
  readonly rule: QuotaRule;
  /** Whom it is counted for, within the tenant: a key, a connector or a tool. Absent where the rule is for each tenant. */
  readonly whom: string | undefined;
  /** Committed and reserved: calls, units, or millionths of the currency. */
  readonly used: number;
  /** When it begins anew, in milliseconds since the epoch. */
  readonly endsAt: number;
}

/** What a tenant has used of its quotas. `more`: there are further ones, of which nothing is said. */
export type QuotaStandings = (tenant: string) => Promise<{ readonly standings: readonly QuotaStanding[]; readonly more: boolean }>;

/** What the standings are made of. */
export interface QuotaStandingOptions {
  readonly database: Pick<Database, 'db'>;
  readonly rules: readonly QuotaRule[];
  readonly apiKeys: ApiKeys;
  readonly tools: Host['tools'];
  readonly clock: Clock;
}

// A rule for each key is as many counters as the tenant has keys.
const maxStandings = 1_000;

/** Reads the counters of quotas, by the names that a call of the tenant's would have for them. */
export function createQuotaStandings({ database, rules, apiKeys, tools, clock }: QuotaStandingOptions): QuotaStandings {
  return async (tenant) => {
    const mine = rules.filter(({ where }) => where?.tenant === undefined || where.tenant === tenant);
    const keys = mine.some(({ each }) => each === 'key') ? await apiKeys.list({ tenant, limit: maxStandings }) : { keys: [] };
    const goodKeys = keys.keys.filter(({ revokedAt }) => revokedAt === undefined).map(({ id }) => id);
    const entries = tools({ tenant, id: '', roles: [] });
    const candidates: Readonly<Record<QuotaRule['each'], readonly Partial<QuotaRule['where']>[]>> = {
      tenant: [{}],
      key: goodKeys.map((key) => ({ key })),
      connector: [...new Set(entries.map(({ connector }) => connector))].map((connector) => ({ connector })),
      tool: entries.map(({ name, connector }) => ({ tool: name, connector })),
    };
    const now = clock.now();
    const all = mine.flatMap((rule) => candidates[rule.each].flatMap((whom) => standing(rule, { tenant, ...whom }, now)));
    const shown = all.slice(0, maxStandings);
    const rows = await database.db
      .selectFrom('quota_counters')
      .select(['id', 'used'])
      .where((eb) => eb('id', '=', eb.fn.any(eb.val(shown.map(({ counter }) => counter)))))
      .execute();
    const used = new Map(rows.map((row) => [row.id, Number(row.used)]));
    return {
      standings: shown.map(({ counter, ...each }) => ({ ...each, used: used.get(counter) ?? 0 })),
      more: all.length > shown.length || 'next' in keys,
    };
  };
}

/** The counter that a rule has for a call of theirs; none where no such call falls under the rule. */
function standing(rule: QuotaRule, whom: Partial<NonNullable<QuotaRule['where']>>, now: number) {
  // What is not said of the call is as the rule wants it.
  const { tenant = '', key = '', connector = '', tool = '' } = { ...rule.where, ...whom };
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
  return quotaDemands([rule], call, 1).map(({ counter, endsAt }) => ({
    counter,
    rule,
    whom: rule.each === 'tenant' ? undefined : whom[rule.each],
    endsAt,
  }));
}
